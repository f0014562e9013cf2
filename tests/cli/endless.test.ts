// Commands whose input never comes or never ends, or whose output nobody reads: each ends, by itself or by a signal.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { bounded, eventually } from '../support/bounded.ts';
import { endAfter, temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message, SECRET } from '../support/message.ts';
import { call, database, importInto, ndjson } from './calls.ts';
import { oncebox, start } from './oncebox.ts';

const ONCEBOX = fileURLToPath(new URL('../../app/cli/oncebox.ts', import.meta.url));

/** A call whose input stays open and whose output is not read; the ends are those of the process itself. */
function unattended(
  t: Cleaner,
  args: readonly string[],
): { child: ReturnType<typeof spawn>; end: () => Promise<unknown[]> } {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [ONCEBOX, ...args], {
    env: { PATH, NODE_COMPILE_CACHE, WEBHOOK_SECRET: SECRET },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  endAfter(t, child);
  const ended = once(child, 'exit');
  return { child, end: () => bounded(ended, () => `the end of oncebox ${args.join(' ')}`) };
}

async function urlOf(t: Cleaner, server: Server): Promise<string> {
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
}

function fifo(t: Cleaner): string {
  const path = join(temporaryDirectory(t), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('a database that is no file', () => {
  const COMMANDS: readonly (readonly string[])[] = [
    ['stats'],
    ['check'],
    ['check', '--repair'],
    ['export'],
    ['prune', '--older-than', '1d'],
    ['prune', '--older-than', '1d', '--dry-run'],
  ];
  for (const args of COMMANDS) {
    it(`is refused by ${args.join(' ')}`, async (t) => {
      const directory = temporaryDirectory(t);
      mkdirSync(join(directory, 'sub'));
      for (const path of [fifo(t), '/dev/zero', join(directory, 'sub')]) {
        const { stderr } = await call(t, [...args, '-d', path], 1);
        assert.match(stderr, /^oncebox: [^\n]*not a regular file[^\n]*\n$/, path);
      }
      assert.deepEqual(readdirSync(directory), ['sub']);
    });
  }

  it('is refused by import, backup and restore', async (t) => {
    const [path, input, target] = [fifo(t), ndjson(t, [message()]), database(t)];
    for (const args of [
      ['import', '-d', path, input],
      ['backup', '-d', path, target],
      ['restore', '-d', path, input],
      ['restore', '-d', target, path],
    ]) {
      const { stderr } = await call(t, args, 1);
      assert.match(stderr, /^oncebox: [^\n]*not a regular file[^\n]*\n$/, args.join(' '));
    }
  });

  it('and one in a directory that is not there', async (t) => {
    const path = join(temporaryDirectory(t), 'none', 'app.db');
    for (const args of [
      ['import', '-d', path, ndjson(t, [message()])],
      ['check', '--repair', '-d', path],
    ]) {
      const { stderr } = await call(t, args, 1);
      assert.match(stderr, /^oncebox: [^\n]*none is not there\n$/);
    }
  });
});

describe('an input', () => {
  const ENDLESS: readonly (readonly string[])[] = [
    ['import', '/dev/zero'],
    ['import', '--format', 'csv', '/dev/zero'],
    ['sign', '/dev/zero'],
    ['send', '--file', '/dev/zero'],
  ];
  for (const args of ENDLESS) {
    it(`without an end is refused: ${args.join(' ')}`, async (t) => {
      const directory = temporaryDirectory(t);
      const env = { DATABASE_URL: `sqlite:///${directory}/app.db` };
      const shell = 'ln -s /dev/zero zero; exec "$@"';
      const own = args.map((arg) => (arg === '/dev/zero' ? 'zero' : arg));
      const { code, stderr } = await oncebox(t, own, { cwd: directory, env, shell });
      assert.equal(code, 1);
      assert.match(stderr, /^oncebox: [^\n]+\n$/);
    });
  }

  it('that is a directory is refused, and nothing is made beside it', async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'in'));
    for (const args of [['import'], ['send', '--file'], ['restore']]) {
      const { stderr } = await call(t, [...args, join(directory, 'in')], 1).catch(
        (error: unknown) => {
          throw new Error(args.join(' '), { cause: error });
        },
      );
      assert.match(stderr, /^oncebox: [^\n]*(directory|regular file)[^\n]*\n$/);
      assert.deepEqual(readdirSync(directory), ['in']);
    }
  });

  it('from a FIFO that has a writer only later is read', async (t) => {
    const path = fifo(t);
    const { ended } = start(t, ['import', '-d', database(t), '--json', path]);
    const writer = spawn('sh', ['-c', 'sleep 1; exec cat > "$0"', path], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    endAfter(t, writer);
    writer.stdin.end(`${JSON.stringify(message())}\n`);
    const result = await bounded(ended, () => 'the end of the import');
    assert.equal(result.json()['created'], 1);
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`that says nothing more is left at the first ${signal}: import`, async (t) => {
      for (const input of ['-', fifo(t)]) {
        const path = database(t);
        const { child, end } = unattended(t, ['import', '-d', path, input]);
        await eventually(
          'the database, made when signals are handled',
          () => existsSync(path) || undefined,
        );
        child.kill(signal);
        assert.deepEqual(await end(), [code, null], input);
      }
    });

    it(`that says nothing more is left at the first ${signal}: send`, async (t) => {
      const server = createServer((_, response) => response.end('{}'));
      const { child, end } = unattended(t, [
        'send',
        '--url',
        await urlOf(t, server),
        '--file',
        '-',
      ]);
      child.stdin?.write(`${JSON.stringify(message())}\n`);
      await bounded(once(server, 'request'), () => 'the first line');
      child.kill(signal);
      assert.deepEqual(await end(), [code, null]);
    });
  }

  it('that stays open does not keep a command that has failed', async (t) => {
    const bad = unattended(t, ['import', '-d', database(t), '--format', 'csv', '-']);
    bad.child.stdin?.write('message_id,from,to\na,+1,+2\nb,+1,+2\n');
    assert.deepEqual(await bad.end(), [1, null]);
    const server = createServer((_, response) => response.writeHead(401).end('{}'));
    const url = await urlOf(t, server);
    const refused = unattended(t, ['send', '--url', url, '--file', '-']);
    refused.child.stdin?.write(`${JSON.stringify(message())}\n`);
    assert.deepEqual(await refused.end(), [1, null]);
  });
});

describe('an output that nobody reads', () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`does not keep an export from ending on ${signal}`, async (t) => {
      const path = database(t);
      const drafts = Array.from({ length: 5_000 }, () => message({ text: 'x'.repeat(500) }));
      await importInto(t, path, ndjson(t, drafts));
      const { child, end } = unattended(t, ['export', '-d', path]);
      // It writes: from here on it handles the signal itself.
      if (child.stdout !== null) {
        await once(child.stdout, 'readable');
        child.stdout.pause();
      }
      child.kill(signal);
      assert.deepEqual(await end(), [code, null]);
    });
  }
});

it('send refuses a URL that nothing can be posted to, at once', async (t) => {
  for (const url of ['nonsense', 'ftp://127.0.0.1/', '127.0.0.1:8000', '']) {
    const { stderr } = await call(t, ['send', '--url', url, '--patience', '3600'], 2);
    assert.match(stderr, /http:\/\//);
  }
});
