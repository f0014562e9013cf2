// The committed frames of a write-ahead log are counted as SQLite counts them, and past a damage that SQLite stops at.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { committedFrames } from '../../app/storage/sqlite/maintenance/wal-frames.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const FRAME_BYTES = 24 + 4_096;

it('the frames of a WAL are counted up to the last commit', (t) => {
  const path = join(temporaryDirectory(t), 'w.db');
  const wal = `${path}-wal`;
  assert.equal(committedFrames(wal), 0);
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10');
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, value TEXT)');
  const insert = database.prepare('INSERT INTO t (value) VALUES (hex(randomblob(1000)))');
  const frames = (): number =>
    Number(database.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.['log']);
  for (let count = 0; count < 100; count += 1) insert.run();
  const first = frames();
  assert.ok(first > 100);
  assert.equal(committedFrames(wal), first);

  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  // Copied to its end: the next commit starts it over, and the old frames stay behind.
  insert.run();
  assert.ok(frames() < first);
  assert.equal(committedFrames(wal), frames());

  // A long transaction spills into the WAL before it ends.
  const before = frames();
  database.exec('BEGIN');
  for (let count = 0; count < 1_000; count += 1) insert.run();
  assert.ok(statSync(wal).size > (first + 10) * FRAME_BYTES);
  assert.equal(committedFrames(wal), before);
  database.exec('ROLLBACK');

  for (let count = 0; count < 20; count += 1) insert.run();
  const last = frames();
  const bytes = readFileSync(wal);
  const damaged = `${wal}-damaged`;
  writeFileSync(damaged, bytes.fill(0x5a, 32 + 2 * FRAME_BYTES - 100, 32 + 2 * FRAME_BYTES - 50));
  assert.equal(committedFrames(damaged), last);
  writeFileSync(damaged, bytes.fill(0, 0, 32));
  assert.equal(committedFrames(damaged), 0);
});
