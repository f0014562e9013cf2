// The npm package: packed from a copy of the tree and installed in an empty directory, it serves and operates as the tree does.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endAfter, temporaryDirectory } from './support/cleanup.ts';
import { bytesOf, message, SECRET, sign } from './support/message.ts';
import { Output } from './support/output.ts';
import { send } from './support/request.ts';
import { pageIn } from './support/shapes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What `npm pack` takes or compiles. The dashboard is there: `npm test` builds it first. */
const PACKED = [
  'package.json',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'app',
  'scripts',
  'web/dist',
];
const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  scripts: { prepack: string };
};

it('is packed, installed, serves, stores, shows the dashboard and answers commands', async (t) => {
  const directory = temporaryDirectory(t);
  const names = await pack(directory);
  assert.ok(names.includes('dist/main.js') && names.includes('web/dist/index.html'));
  assert.deepEqual(
    names.filter((name) => /\.tsx?$|^(app|tests|bench|docs|node_modules)\//.test(name)),
    [],
  );

  const compiled = names.filter((name) => name.startsWith('dist/'));
  assert.equal(compiled.length, globSync('app/**/*.ts', { cwd: ROOT }).length);
  // An import, or the entry of a thread, that would lead nowhere.
  assert.deepEqual(
    compiled.filter((name) =>
      /(\/[\w-]+|URL\(['"][\w-]+)\.ts['"]/.test(
        readFileSync(join(directory, 'tree', name), 'utf8'),
      ),
    ),
    [],
  );

  const installed = join(directory, 'installed');
  mkdirSync(installed);
  const tarball = join(directory, `oncebox-${manifest.version}.tgz`);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(installed, 'npm', ['install', '--prefix', installed, ...quiet, tarball]);
  assert.equal(await npxOncebox(installed, '--version'), `${manifest.version}\n`);

  const { port, stop } = await serve(t, installed);
  const [sent, html] = [message(), await send(port, { path: '/' })];
  const body = bytesOf(sent);
  const headers = { 'X-Signature': sign(body) };
  const stored = await send(port, { method: 'POST', path: '/webhook', headers, body });
  assert.deepEqual([stored.status, stored.text], [200, '{"status":"ok"}']);
  const listed = await send(port, { path: '/messages' });
  assert.deepEqual(
    pageIn(listed.json()).data.map((entry) => entry.message_id),
    [sent.message_id],
  );
  const script = /src="(\/[^"]+\.js)"/.exec(html.text)?.[1] ?? 'no script in the page';
  const loaded = await send(port, { path: script });
  assert.deepEqual([html.status, loaded.status], [200, 200]);
  const result = JSON.parse(await npxOncebox(installed, 'stats', '--json')) as {
    stats: { total_messages: number };
  };
  assert.equal(result.stats.total_messages, 1);
  await stop();
});

it('says to an older Node which one it needs', (t) => {
  const older = process.env['PATH']
    ?.split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && majorOf(path) < 26);
  if (older === undefined) return t.skip('there is no older Node on the PATH');
  const { status, stdout, stderr } = spawnSync(older, [join(ROOT, 'scripts/oncebox.mjs')], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^oncebox: Node 26 or newer is needed, and this is v\d+\.\d+\.\d+\n$/);
});

function majorOf(node: string): number {
  return Number.parseInt(spawnSync(node, ['-p', 'process.versions.node']).stdout.toString(), 10);
}

/** Packs a copy of the tree into `directory`, as `npm pack` does. Returns the names of the files in the package. */
async function pack(directory: string): Promise<string[]> {
  const tree = join(directory, 'tree');
  for (const path of PACKED) cpSync(join(ROOT, path), join(tree, path), { recursive: true });
  const [build, compile = ''] = manifest.scripts.prepack.split(' && ');
  assert.equal(build, 'npm run build');
  await run(tree, 'sh', ['-c', compile]);
  const options = ['--ignore-scripts', '--json', '--pack-destination', directory];
  const packed = JSON.parse(await run(tree, 'npm', ['pack', ...options])) as {
    files: { path: string }[];
  }[];
  return packed.flatMap(({ files }) => files.map(({ path }) => path));
}

/** Runs a program with this Node before any other. Resolves to what it wrote to stdout; rejects if it fails. */
async function run(cwd: string, program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...settingsIn(cwd) };
  const { stdout } = await promisify(execFile)(program, args, { cwd, env });
  return stdout;
}

/** Calls the installed command. */
async function npxOncebox(cwd: string, ...args: readonly string[]): Promise<string> {
  return await run(cwd, 'npx', ['--offline', 'oncebox', ...args]);
}

/** Starts `npx oncebox serve`, and resolves when it listens. */
async function serve(
  t: TestContext,
  cwd: string,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const child = spawn('npx', ['--offline', 'oncebox', 'serve'], {
    cwd,
    env: { HOME: process.env['HOME'], ...settingsIn(cwd) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // As Ctrl-C does: to npx, its shell and the service.
  const end = (signal: NodeJS.Signals): boolean => process.kill(-Number(child.pid), signal);
  t.after(() => {
    if (child.exitCode === null && child.signalCode === null) end('SIGKILL');
  });
  endAfter(t, child);
  const output = new Output(child);
  const { url } = await output.line('its address', ({ event }) => event === 'listening');
  const stop = async (): Promise<void> => {
    end('SIGTERM');
    await output.line('its end', ({ event }) => event === 'stopped');
  };
  return { port: Number(new URL(String(url)).port), stop };
}

function settingsIn(directory: string): Record<string, string> {
  const DATABASE_URL = `sqlite:///${directory}/app.db`;
  return { PATH, WEBHOOK_SECRET: SECRET, DATABASE_URL, HOST: '127.0.0.1', PORT: '0' };
}
