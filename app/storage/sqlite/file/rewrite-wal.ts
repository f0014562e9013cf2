// Makes durable what another process left in the WAL, before anything in it is acknowledged.
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

const CHUNK_BYTES = 1_048_576;

/**
 * Writes the WAL over itself and syncs it. A process that died may have written what it never synced, or could not sync:
 * SQLite reads it from the system's cache as committed, and a message sent again would be acknowledged as a duplicate
 * without a write, and be lost when the power fails. A sync alone is not enough: after one that failed, the kernel
 * considers those pages written and the next sync skips them (https://lwn.net/Articles/752063/).
 * Holds the write lock, so that no other process writes to it meanwhile. Throws what SQLite or the system throws.
 */
export function rewriteWal(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const file = openSync(`${path}-wal`, 'r+');
    try {
      rewrite(file);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // A database that was closed cleanly has no WAL.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    database.exec('ROLLBACK');
  }
}

function rewrite(file: number): void {
  const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ;) {
    const length = readSync(file, bytes, 0, CHUNK_BYTES, at);
    if (length === 0) return;
    let written = 0;
    while (written < length)
      written += writeSync(file, bytes, written, length - written, at + written);
    at += length;
  }
}
