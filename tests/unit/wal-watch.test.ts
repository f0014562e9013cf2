// The watch over the write-ahead log misses no page that changes, or says that it may have.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { WalWatch } from '../../app/storage/sqlite/maintenance/wal-watch.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const PAGE_BYTES = 4_096;
const ROWS = 4_000;

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF',
  );
  return database;
}

/** A database of many pages, all of it in the file. */
function create(t: TestContext): { path: string; writer: DatabaseSync } {
  const path = join(temporaryDirectory(t), 'w.db');
  let writer = open(path);
  writer.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, value TEXT)');
  writer.exec('BEGIN');
  const insert = writer.prepare('INSERT INTO t VALUES (?, hex(randomblob(200)))');
  for (let id = 0; id < ROWS; id += 1) insert.run(id);
  writer.exec('COMMIT');
  // Closed, it has no log: the next one is its first.
  writer.close();
  writer = open(path);
  t.after(() => writer.close());
  return { path, writer };
}

/** Numbers of the pages that differ between two states of the file. */
function changedPages(before: Buffer, after: Buffer): number[] {
  const changed: number[] = [];
  for (let at = 0; at < Math.max(before.length, after.length); at += PAGE_BYTES)
    if (!before.subarray(at, at + PAGE_BYTES).equals(after.subarray(at, at + PAGE_BYTES)))
      changed.push(at / PAGE_BYTES + 1);
  return changed;
}

const random = (count: number): number => Math.floor(Math.random() * count);

/** One transaction of a few rows anywhere; a large one spills into the log before it ends, and may be taken back. */
function write(writer: DatabaseSync): void {
  const rows = random(60) === 0 ? 2_000 : 1 + random(10);
  writer.exec('BEGIN');
  const update = writer.prepare('UPDATE t SET value = hex(randomblob(200)) WHERE id = ?');
  for (let count = 0; count < rows; count += 1) update.run(random(ROWS));
  writer.exec(random(5) === 0 ? 'ROLLBACK' : 'COMMIT');
}

describe('WalWatch', () => {
  it('has every page that changed, whenever it looks and whatever the log does meanwhile', (t) => {
    let complete = 0;
    let missed = 0;
    for (let round = 0; round < 24; round += 1) {
      const { path, writer } = create(t);
      writer.exec('PRAGMA cache_size = 20');
      const other = open(path);
      other.prepare('SELECT count(*) FROM t').get();
      for (let count = random(20); count > 0; count -= 1) write(writer);
      const watch = new WalWatch(path);
      // What is in the log already may be moved into the file while it is copied.
      const before = readFileSync(path);
      watch.look();
      const taken = new Set<number>();
      // Every other round is as a backup is: it looks often, and the log is not cut off.
      const hard = round % 2 === 1;
      const laziness = hard ? 1 + random(10) : 1;
      for (let step = 0; step < 120; step += 1) {
        write(writer);
        if (random(hard ? 25 : 50) === 0) {
          const kind = !hard
            ? 'PASSIVE'
            : random(40) === 0
              ? 'TRUNCATE'
              : random(4) === 0
                ? 'RESTART'
                : 'PASSIVE';
          (random(2) === 0 ? writer : other).exec(`PRAGMA wal_checkpoint(${kind})`);
        }
        if (random(laziness) === 0) watch.look();
        if (random(30) === 0) for (const page of watch.take()) taken.add(page);
      }
      watch.look();
      for (const page of watch.take()) taken.add(page);
      writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      const lost = changedPages(before, readFileSync(path)).filter((page) => !taken.has(page));
      if (watch.complete) {
        complete += 1;
        assert.deepEqual(lost, [], `round ${round}`);
      } else missed += 1;
      other.close();
    }
    // Both happen, or this would prove nothing.
    assert.ok(complete > 0 && missed > 0, `${complete} complete, ${missed} not`);
  });

  it('is complete where the log is begun anew between two looks', (t) => {
    const { path, writer } = create(t);
    const watch = new WalWatch(path);
    const change = writer.prepare('UPDATE t SET value = hex(randomblob(200)) WHERE id = ?');
    change.run(0);
    watch.look();
    for (let turn = 0; turn < 20; turn += 1) {
      for (let count = 0; count < 20; count += 1) {
        change.run(random(ROWS));
        watch.look();
      }
      change.run(random(ROWS));
      writer.exec('PRAGMA wal_checkpoint(PASSIVE)');
      change.run(random(ROWS));
    }
    watch.look();
    assert.equal(watch.complete, true);
  });

  it('is not, where there was a log that it never saw the end of', (t) => {
    const { path, writer } = create(t);
    const watch = new WalWatch(path);
    writer.exec('UPDATE t SET value = 0 WHERE id = 0');
    watch.look();
    writer.exec('UPDATE t SET value = 1');
    writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    watch.look();
    assert.equal(watch.complete, false);
  });
});
