// `oncebox export --output`: the file is there when it is complete, and nothing stays of an export that was ended.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Environment } from '../support/service.ts';
import { call, database, importInto, ndjson } from './calls.ts';
import { oncebox, start } from './oncebox.ts';

const MESSAGES = 20_000;
/** Each write takes this long, so that an export of all of them takes some seconds. */
const WRITE_MS = 100;

async function filledDatabase(t: Cleaner, messages = 3): Promise<string> {
  const path = database(t);
  const drafts = Array.from({ length: messages }, (_, at) =>
    message({ message_id: `m${at}`, text: 'x'.repeat(500) }),
  );
  await importInto(t, path, ndjson(t, drafts));
  return path;
}

/** The environment in which a call runs with some of `fs` replaced. */
function preload(t: Cleaner, script: string): Environment {
  const path = join(temporaryDirectory(t), 'preload.mjs');
  const imports = "import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';";
  writeFileSync(path, `${imports}\n${script}\nsyncBuiltinESMExports();\n`);
  return { NODE_OPTIONS: `--import=${path}` };
}

function partials(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.includes('.partial-'));
}

describe('on a file system that cannot sync a directory', () => {
  for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR']) {
    it(`and answers ${code}, an export is complete`, async (t) => {
      const path = await filledDatabase(t);
      const directory = temporaryDirectory(t);
      const env = preload(
        t,
        `const { fsyncSync } = fs;
         fs.fsyncSync = (fd) => {
           if (!fs.fstatSync(fd).isDirectory()) return fsyncSync(fd);
           fs.writeSync(2, 'asked');
           throw Object.assign(new Error('no sync'), { code: '${code}', syscall: 'fsync' });
         };`,
      );
      mkdirSync(join(directory, 'out'));
      const out = join(directory, 'out', 'messages.ndjson');
      const result = await oncebox(t, ['export', '-d', path, '-o', out], { env });
      assert.deepEqual([result.code, result.stderr], [0, 'asked']);
      assert.equal(readFileSync(out, 'utf8').split('\n').length, 4);
      assert.deepEqual(readdirSync(join(directory, 'out')), ['messages.ndjson']);
    });
  }
});

describe('an export that is ended in the middle', () => {
  /** Starts one, and waits until its unfinished file is there. */
  async function begin(
    t: Cleaner,
    path: string,
    directory: string,
  ): Promise<ReturnType<typeof start>> {
    const env = preload(
      t,
      `const { writeSync } = fs;
       fs.writeSync = (...args) => {
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${WRITE_MS});
         return writeSync(...args);
       };`,
    );
    const args = ['export', '-d', path, '-o', join(directory, 'out.ndjson')];
    const running = start(t, args, { env });
    await eventually('the unfinished file', () => partials(directory).length > 0 || undefined);
    return running;
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`by ${signal} removes its file`, async (t) => {
      const path = await filledDatabase(t, MESSAGES);
      const directory = temporaryDirectory(t);
      const { child, ended } = await begin(t, path, directory);
      child.kill(signal);
      assert.equal((await ended).code, code);
      assert.deepEqual(readdirSync(directory), []);
    });
  }

  it('by SIGKILL leaves a file that the next export to the name removes', async (t) => {
    const path = await filledDatabase(t, MESSAGES);
    const directory = temporaryDirectory(t);
    const { child, ended } = await begin(t, path, directory);
    child.kill('SIGKILL');
    assert.equal((await ended).signal, 'SIGKILL');
    assert.equal(partials(directory).length, 1);
    await call(t, ['export', '-d', path, '-o', join(directory, 'out.ndjson')]);
    assert.deepEqual(readdirSync(directory), ['out.ndjson']);
  });

  it('leaves alone what may still be written, and what is not its own', async (t) => {
    const path = await filledDatabase(t, MESSAGES);
    const directory = temporaryDirectory(t);
    const running = await begin(t, path, directory);
    running.child.kill('SIGSTOP');
    const [live] = partials(directory);
    const others = ['out.ndjson.partial-elsewhere-1', 'other.partial-x-1', 'out.ndjson.bak'];
    for (const name of others) writeFileSync(join(directory, name), '');
    const old = join(directory, 'out.ndjson.partial-elsewhere-2');
    writeFileSync(old, '');
    utimesSync(old, 0, 0);
    await call(t, ['export', '-d', path, '-o', join(directory, 'out.ndjson')]);
    assert.deepEqual(
      readdirSync(directory).toSorted(),
      [...others, 'out.ndjson', String(live)].toSorted(),
    );
    running.child.kill('SIGCONT');
    assert.equal((await running.ended).code, 0);
    assert.equal(
      readFileSync(join(directory, 'out.ndjson'), 'utf8').split('\n').length,
      MESSAGES + 1,
    );
  });
});

describe('what is no file is not replaced by', () => {
  const MAKE = [
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a link to a device', (path: string) => symlinkSync('/dev/null', path)],
  ] as const;
  for (const [what, make] of MAKE) {
    it(`an export or a backup: ${what}`, async (t) => {
      const path = await filledDatabase(t);
      const directory = temporaryDirectory(t);
      const target = join(directory, 'out');
      make(target);
      const before = lstatSync(target).ino;
      for (const args of [
        ['export', '-d', path, '-o', target],
        ['backup', '-d', path, '--force', target],
      ]) {
        const { stderr } = await call(t, args, 1);
        assert.match(stderr, /^oncebox: [^\n]*not a regular file[^\n]*\n$/);
      }
      assert.equal(lstatSync(target).ino, before);
      assert.ok(!statSync(target).isFile());
      assert.deepEqual(readdirSync(directory), ['out']);
    });
  }
});

describe('what a command works on is not written over by', () => {
  it('an export', async (t) => {
    const path = await filledDatabase(t);
    const link = join(temporaryDirectory(t), 'link');
    symlinkSync(path, link);
    for (const target of [path, link, `${path}-index`, `${path}-wal`]) {
      const { stderr } = await call(t, ['export', '-d', path, '-o', target], 2);
      assert.match(stderr, /^oncebox: --output: [^\n]* belongs to the database itself\n$/);
    }
    const { stdout } = await call(t, ['export', '-d', path]);
    assert.equal(stdout.trimEnd().split('\n').length, 3);
  });

  it('the rejects of an import', async (t) => {
    const path = await filledDatabase(t);
    const input = ndjson(t, [message({ message_id: '' })]);
    const before = readFileSync(input, 'utf8');
    for (const target of [input, path]) {
      const { stderr } = await call(t, ['import', '-d', path, input, '--rejects', target], 2);
      assert.match(
        stderr,
        /^oncebox: --rejects: [^\n]* (is the input|belongs to the database) itself\n$/,
      );
    }
    assert.equal(readFileSync(input, 'utf8'), before);
    await call(t, ['check', '-d', path]);
  });
});

it('an error that nobody expects comes with its stack, one of the system without', async (t) => {
  const path = await filledDatabase(t);
  const out = join(temporaryDirectory(t), 'out.ndjson');
  const failing = async (error: string): Promise<string> => {
    const env = preload(t, `fs.fsyncSync = () => { throw ${error}; };`);
    const { code, stderr } = await oncebox(t, ['export', '-d', path, '-o', out], { env });
    assert.equal(code, 1);
    return stderr;
  };
  assert.match(await failing("new TypeError('odd')"), /^oncebox: unexpected: .*odd\n {4}at /);
  const full = "Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'fsync' })";
  assert.equal(await failing(full), 'oncebox: the disk is full\n');
});
