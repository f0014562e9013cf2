// The index file deleted, cut, overwritten or exchanged, while the service is stopped and while it runs: nothing is lost, no read is wrong, it heals.
import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { execute } from '../support/database.ts';
import { Scene, prepare } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';

const PAGE_BYTES = 4_096;
const suite: Cleaner = { after };
const directories = [temporaryDirectory(suite), temporaryDirectory(suite)] as const;
let prepared: Prepared;
let other: Prepared;
before(async () => {
  prepared = await prepare(suite, directories[0]);
  other = await prepare(suite, directories[1], 700);
});

type Damage = (index: string) => void;

/** Overwrites pages of the file, counted from 0, as a part of all of them. */
function garbage(first: number, pages: number): Damage {
  return (index) => {
    const count = Math.floor(statSync(index).size / PAGE_BYTES);
    const file = openSync(index, 'r+');
    try {
      for (let page = 0; page < pages; page += 1) {
        const at = Math.min(count - 1, Math.floor(first * count) + page) * PAGE_BYTES;
        writeSync(file, randomBytes(PAGE_BYTES), 0, PAGE_BYTES, at);
      }
    } finally {
      closeSync(file);
    }
  };
}

/** A new file under the name, as `mv` puts it there. */
function exchange(index: string, from: string): void {
  copyFileSync(from, `${index}.new`);
  renameSync(`${index}.new`, index);
}

const remove =
  (...suffixes: string[]): Damage =>
  (index) => {
    for (const suffix of suffixes) rmSync(index + suffix, { force: true });
  };
const cut =
  (part: number): Damage =>
  (index) =>
    truncateSync(index, Math.floor(statSync(index).size * part));

const DAMAGES: Readonly<Record<string, Damage>> = {
  'deleted with all that is beside it': remove('', '-wal', '-shm'),
  deleted: remove(''),
  'deleted, and its log': remove('', '-wal'),
  'cut to nothing': cut(0),
  'cut to half': cut(0.5),
  'cut by some bytes': (index) => truncateSync(index, statSync(index).size - 100),
  'overwritten at its head': garbage(0, 1),
  'overwritten at its first pages': garbage(0.01, 4),
  'overwritten in the middle': garbage(0.5, 20),
  'overwritten at its end': garbage(0.9, 40),
  'overwritten as a whole': (index) => writeFileSync(index, randomBytes(statSync(index).size)),
  'no database': (index) => writeFileSync(index, 'a text\n'),
  "another database's": (index) => exchange(index, join(other.directory, 'app.db-index')),
  'an older one of its own': (index) => exchange(index, join(prepared.directory, 'app.db-index')),
};

/** What else may happen while nobody has it open. */
const STOPPED: Readonly<Record<string, Damage>> = {
  'without the row that says how far it is': (index) => execute(index, 'DELETE FROM state'),
  'without a table': (index) => execute(index, 'DROP TABLE segments'),
  'further than it says': (index) =>
    execute(index, 'UPDATE state SET listed_seq = listed_seq - 50'),
};

/** The first salt of the log, another one each time that it starts over (https://sqlite.org/fileformat.html#walformat). */
function saltOf(index: string): number {
  return readFileSync(`${index}-wal`).readUInt32BE(16);
}

/** The log beside it, after a kill. */
const LOGS: Readonly<Record<string, Damage>> = {
  deleted: remove('-wal'),
  'and the shared memory deleted': remove('-wal', '-shm'),
  'cut to nothing': (index) => truncateSync(`${index}-wal`, 0),
  'cut to half': (index) => cut(0.5)(`${index}-wal`),
  'cut to a third': (index) => cut(0.33)(`${index}-wal`),
  'overwritten at its head': (index) => garbage(0, 1)(`${index}-wal`),
  'overwritten in the middle': (index) => garbage(0.5, 3)(`${index}-wal`),
  'beside an older file': (index) => exchange(index, join(prepared.directory, 'app.db-index')),
  "beside another database's file": (index) =>
    exchange(index, join(other.directory, 'app.db-index')),
};

describe('the index of a service that is stopped:', { concurrency: 2 }, () => {
  for (const [name, damage] of Object.entries({ ...DAMAGES, ...STOPPED })) {
    it(name, async (t) => {
      const scene = new Scene(t, prepared);
      damage(scene.index);
      await scene.start();
      await scene.live();
      await scene.healed();
      await scene.walk();
      await scene.end();
    });
  }

  for (const [name, damage] of Object.entries(LOGS)) {
    it(`killed, its log ${name}`, async (t) => {
      const scene = new Scene(t, prepared);
      await scene.start();
      // Once complete, everything in the log is in the file as well: older pages in it are wrong ones.
      for (let turn = 0; turn < 6; turn += 1) await scene.live(40);
      await scene.healed();
      // What it holds is little then: with every page that changed since the start it would make even the older file whole.
      const salt = saltOf(scene.index);
      await eventually('the log to start over', async () => {
        await scene.post(1);
        return saltOf(scene.index) !== salt || undefined;
      });
      await scene.stop('SIGKILL');
      assert.ok(statSync(`${scene.index}-wal`).size > 20 * PAGE_BYTES);
      damage(scene.index);
      await scene.start();
      await scene.live();
      await scene.healed();
      await scene.end();
    });
  }

  it('ahead of the database, which was put back by a plain copy', async (t) => {
    const scene = new Scene(t, prepared);
    const older = join(temporaryDirectory(t), 'app.db');
    await scene.start();
    await scene.live();
    await scene.stop();
    copyFileSync(join(scene.directory, 'app.db'), older);
    const kept = new Map(scene.stored);
    await scene.start();
    await scene.live(150);
    await scene.healed();
    await scene.stop();
    copyFileSync(older, join(scene.directory, 'app.db'));
    scene.stored.clear();
    for (const [id, stored] of kept) scene.stored.set(id, stored);
    await scene.start();
    // More than it had: the numbers alone tell nothing.
    for (let turn = 0; turn < 4; turn += 1) await scene.live(60);
    await scene.healed();
    await scene.end();
  });
});

describe('the index of a service that runs:', { concurrency: 2 }, () => {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    it(name, async (t) => {
      const scene = new Scene(t, prepared);
      await scene.start();
      await scene.live();
      damage(scene.index);
      for (let turn = 0; turn < 4; turn += 1) await scene.live();
      await scene.healed();
      await scene.walk();
      await scene.end();
    });
  }

  for (const [name, damage] of Object.entries({
    'its log deleted': remove('-wal'),
    'its log cut to nothing': (index: string) => truncateSync(`${index}-wal`, 0),
    'its log and its shared memory deleted': remove('-wal', '-shm'),
    'its shared memory deleted': remove('-shm'),
  })) {
    it(`${name}, then killed`, async (t) => {
      const scene = new Scene(t, prepared);
      await scene.start();
      await scene.live();
      damage(scene.index);
      for (let turn = 0; turn < 3; turn += 1) await scene.live(40);
      await scene.healed();
      await scene.stop('SIGKILL');
      await scene.start();
      await scene.live();
      await scene.healed();
      await scene.end();
    });
  }

  it('copied over by an older one is built again', async (t) => {
    const scene = new Scene(t, prepared);
    await scene.start();
    await scene.live(300);
    await scene.healed();
    // The same file, so that nobody who has it open can tell: what is read until then is not looked at here.
    copyFileSync(join(prepared.directory, 'app.db-index'), scene.index);
    await scene.service.output.line('that', ({ event }) => event === 'index_damaged');
    await scene.healed();
    await scene.end();
  });

  it('a directory in its place: reads and posts go on without, and it is built once that is gone', async (t) => {
    const scene = new Scene(t, prepared);
    await scene.start();
    await scene.live();
    remove('', '-wal', '-shm')(scene.index);
    mkdirSync(scene.index);
    for (let turn = 0; turn < 3; turn += 1) assert.equal(await scene.live(), 0);
    await scene.service.output.line('the failure', ({ event }) => event === 'index_failed');
    await scene.stop();
    await scene.start();
    assert.equal(await scene.live(), 0);
    rmSync(scene.index, { recursive: true });
    await scene.healed();
    assert.ok(existsSync(scene.index));
    await scene.end();
  });

  it('a copy of everything that a killed service left is usable', async (t) => {
    const scene = new Scene(t, prepared);
    await scene.start();
    await scene.live();
    await scene.healed();
    await scene.stop('SIGKILL');
    const copy = new Scene(t, {
      directory: scene.directory,
      stored: [...scene.stored.values()],
    });
    await copy.start();
    await copy.live();
    await copy.healed();
    await copy.end();
  });
});
