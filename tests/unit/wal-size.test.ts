// A write-ahead log that one long read made long gets its usual size back, without a restart of the service.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type TestContext, it } from 'node:test';
import {
  openExisting,
  openForReading,
  openForWriting,
} from '../../app/storage/sqlite/file/connection.ts';
import { openWalIndex } from '../../app/storage/sqlite/file/wal-index.ts';
import { Wal } from '../../app/storage/sqlite/write/wal.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const MIB = 1_048_576;
const KEPT_BYTES = 256 * MIB;
const CUT_BYTES = 32 * MIB;

interface Scene {
  readonly path: string;
  readonly writer: DatabaseSync;
  readonly size: () => number;
  /** Copies the WAL into the file, so that the next commit restarts it, and commits. */
  readonly restart: () => void;
}

/** A database with a WAL of more than so many bytes, which nothing reads any more. */
function longWal(t: TestContext, bytes: number): Scene {
  const path = join(temporaryDirectory(t), 'app.db');
  const writer = openForWriting(path);
  t.after(() => writer.close());
  writer.exec('CREATE TABLE t (bytes BLOB)');
  const reader = openForReading(path);
  reader.exec('BEGIN; SELECT count(*) FROM t');
  const insert = writer.prepare('INSERT INTO t VALUES (randomblob(20000000))');
  const size = (): number => statSync(`${path}-wal`).size;
  while (size() <= bytes) insert.run();
  reader.close();
  const restart = (): void => {
    const checkpoints = openExisting(path);
    checkpoints.exec('PRAGMA wal_checkpoint(PASSIVE)');
    checkpoints.close();
    writer.exec('INSERT INTO t VALUES (1)');
  };
  return { path, writer, size, restart };
}

it('a WAL of over 256 MiB is cut when it starts over', (t) => {
  const { size, restart } = longWal(t, KEPT_BYTES);
  restart();
  assert.equal(size(), KEPT_BYTES);
});

it('and little by little where a commit would wait for it', (t) => {
  const { path, writer, size, restart } = longWal(t, KEPT_BYTES + CUT_BYTES);
  const long = size();
  const wal = new Wal(writer, path, openWalIndex(path));
  wal.limitCut();
  restart();
  assert.equal(size(), long - CUT_BYTES);
  // Not cut again by what was allowed once.
  restart();
  assert.equal(size(), long - CUT_BYTES);
  wal.limitCut();
  restart();
  assert.equal(size(), KEPT_BYTES);
});
