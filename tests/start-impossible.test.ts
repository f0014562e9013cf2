// Starts that cannot succeed: each ends by itself, in one JSON line that names the setting and says why.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { mutant } from './faults/mutant.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { parseLogLine } from './support/output.ts';
import { refusal } from './support/refusal.ts';
import { ServiceProcess, startService } from './support/service.ts';
import type { Options } from './support/service.ts';

/** A user that owns nothing; null where the tests do not run as root, who may write everywhere. */
const NOBODY = process.getuid?.() === 0 ? 65_534 : null;
const CONFIG = 78;

/** Makes something in an empty directory, and returns the path that the setting gets. */
type Make = (directory: string) => string;

const fifo: Make = (directory) => {
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  return join(directory, 'fifo');
};
const loop: Make = (directory) => {
  symlinkSync('loop', join(directory, 'loop'));
  return join(directory, 'loop');
};
const subdirectory: Make = (directory) => {
  mkdirSync(join(directory, 'sub'));
  return join(directory, 'sub');
};
const textFile: Make = (directory) => {
  writeFileSync(join(directory, 'file'), 'text');
  return join(directory, 'file');
};
const below =
  (make: Make, ...names: string[]): Make =>
  (directory) =>
    join(make(directory), ...names);
const fixed =
  (path: string): Make =>
  () =>
    path;
/** A database whose file with this suffix is something else. */
const beside =
  (suffix: string, make: (path: string) => void): Make =>
  (directory) => {
    make(join(directory, `app.db${suffix}`));
    return join(directory, 'app.db');
  };
/** Somewhere that the user of the process may not write. */
const readOnly =
  (name: string): Make =>
  (directory) => {
    const path = join(directory, 'sealed');
    mkdirSync(path);
    writeFileSync(join(path, 'there.db'), '', { mode: 0o444 });
    chmodSync(path, 0o555);
    chmodSync(directory, 0o755);
    return join(path, name);
  };

const DATABASES: readonly (readonly [what: string, make: Make, why: RegExp])[] = [
  ['in a directory that the system never makes', fixed('/proc/none-such/app.db'), /cannot be made/],
  ['far below such a directory', fixed('/proc/none-such/a/b/c/app.db'), /cannot be made/],
  ['in a directory that takes no files', fixed('/proc/app.db'), /cannot be made/],
  ['that is a directory', subdirectory, /is a directory/],
  ['that is a FIFO', fifo, /is a FIFO/],
  ['that is a device', fixed('/dev/null'), /is a device/],
  ['that is a device without an end', fixed('/dev/zero'), /is a device/],
  ['below a file', below(textFile, 'app.db'), /is not a directory/],
  ['far below a file', below(textFile, 'a', 'b', 'app.db'), /is not a directory/],
  ['below a FIFO', below(fifo, 'app.db'), /is not a directory/],
  ['that is a circle of links', loop, /symbolic links/],
  ['below a circle of links', below(loop, 'app.db'), /symbolic links/],
  ['with a name that is too long', (at) => join(at, 'n'.repeat(300)), /too long/],
  ['whose WAL has a name that is too long', (at) => join(at, 'n'.repeat(252)), /too long/],
  ['with a path of 6,000 characters', (at) => `${at}${'/abcde'.repeat(1_000)}`, /too long/],
  [
    'with a path longer than those of SQLite',
    (at) => `${at}${`/${'d'.repeat(100)}`.repeat(5)}/app.db`,
    /longer than SQLite/,
  ],
  ['with a directory for its WAL', beside('-wal', mkdirSync), /-wal is a directory/],
  [
    'with a FIFO for its lock',
    beside('-lock', (path) => execFileSync('mkfifo', [path])),
    /-lock is a FIFO/,
  ],
];

describe('DATABASE_URL with a file', () => {
  for (const [what, make, why] of DATABASES) {
    it(what, { skip: process.platform !== 'linux' }, async (t) => {
      const path = make(temporaryDirectory(t));
      const said = await refusal(t, 'DATABASE_URL', { env: { DATABASE_URL: `sqlite:///${path}` } });
      assert.match(said, why);
      assert.ok(said.length < 1_000, 'a message for people');
    });
  }

  for (const [what, name] of [
    ['a new file', 'new.db'],
    ['a file that is there', 'there.db'],
    ['a new directory', 'sub/app.db'],
  ] as const) {
    it(`${what} in a directory that it may not write`, async (t) => {
      const path = readOnly(name)(temporaryDirectory(t));
      const options: Options = { env: { DATABASE_URL: `sqlite:///${path}` } };
      const said = await refusal(t, 'DATABASE_URL', {
        ...options,
        ...(NOBODY === null ? {} : { uid: NOBODY }),
      });
      assert.match(said, /cannot be (written|made): .*(uid|permission denied)/);
    });
  }

  it('by way of links, and in directories that are not there yet, works', async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    const service = await startService(t, {
      env: { DATABASE_URL: `sqlite:///${directory}/link/a/b/app.db` },
    });
    assert.equal((await service.stop()).code, 0);
    assert.ok(existsSync(join(directory, 'real/a/b/app.db')));
  });
});

const SECRETS: readonly (readonly [what: string, make: Make, why: RegExp])[] = [
  ['a FIFO that nobody writes to', fifo, /not a regular file/],
  ['a device without an end', fixed('/dev/zero'), /not a regular file/],
  ['an empty device', fixed('/dev/null'), /not a regular file/],
  ['a directory', subdirectory, /EISDIR/],
  ['nothing', fixed('/none-such/secret'), /ENOENT/],
  ['something below a file', below(textFile, 'secret'), /ENOTDIR/],
  ['a circle of links', loop, /ELOOP/],
  ['a name that is too long', (at) => join(at, 'n'.repeat(5_000)), /ENAMETOOLONG/],
  [
    'a file of a terabyte',
    (at) => {
      writeFileSync(join(at, 'large'), '');
      truncateSync(join(at, 'large'), 2 ** 40);
      return join(at, 'large');
    },
    /longer than/,
  ],
];

describe('a file with a secret that names', () => {
  for (const name of ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS', 'API_TOKEN', 'METRICS_TOKEN']) {
    for (const [what, make, why] of SECRETS) {
      it(`${name}_FILE: ${what}`, { skip: process.platform !== 'linux' }, async (t) => {
        const path = make(temporaryDirectory(t));
        const env = { [`${name}_FILE`]: path, ...(name === 'WEBHOOK_SECRET' && { [name]: '' }) };
        const directory = temporaryDirectory(t);
        assert.match(await refusal(t, `${name}_FILE`, { directory, env }, CONFIG), why);
        assert.deepEqual(readdirSync(directory), [], 'nothing is made');
      });
    }
  }
});

describe('a bug in the start', () => {
  const BUGS = [
    ['of the service', 'service.ts', 'const broadcaster = new Broadcaster(store);'],
    [
      'of the thread that writes',
      'storage/sqlite/file/directory.ts',
      'const missing: string[] = [];',
    ],
  ] as const;
  for (const [what, file, before] of BUGS) {
    it(`${what} says where it is, unlike a refusal`, async (t) => {
      const main = mutant(t, file, before, `${before} Object(null).none.such();`);
      const service = new ServiceProcess(t, { main });
      assert.equal((await service.exit()).code, 1);
      const line: { event?: unknown; msg?: unknown; stack?: unknown } = parseLogLine(
        service.output.stderr,
      );
      assert.equal(line.event, 'startup_failed');
      assert.match(String(line.msg), /undefined/);
      assert.match(JSON.stringify(line.stack), new RegExp(`${file}:[0-9]+`));
    });
  }
});
