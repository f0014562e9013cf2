// A write-ahead log that one long read made long gets its usual size back, without a restart of the service.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import {
  openExisting,
  openForReading,
  openForWriting,
} from '../../app/storage/sqlite/file/connection.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const KEPT_BYTES = 256 * 1_024 * 1_024;

it('a WAL of over 256 MiB is cut when it starts over', (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  const writer = openForWriting(path);
  t.after(() => writer.close());
  writer.exec('CREATE TABLE t (bytes BLOB)');
  const reader = openForReading(path);
  reader.exec('BEGIN; SELECT count(*) FROM t');
  const insert = writer.prepare('INSERT INTO t VALUES (randomblob(20000000))');
  const size = (): number => statSync(`${path}-wal`).size;
  while (size() <= KEPT_BYTES) insert.run();
  reader.close();
  const checkpoints = openExisting(path);
  checkpoints.exec('PRAGMA wal_checkpoint(PASSIVE)');
  checkpoints.close();
  assert.ok(size() > KEPT_BYTES);
  writer.exec('DELETE FROM t WHERE rowid = 0; INSERT INTO t VALUES (1)');
  assert.equal(size(), KEPT_BYTES);
});
