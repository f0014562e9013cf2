// Counts the committed frames of a write-ahead log, also those after a damaged one.
import { closeSync, openSync, readSync } from 'node:fs';

// The format: https://sqlite.org/fileformat2.html#the_write_ahead_log
const HEADER_BYTES = 32;
const PAGE_SIZE_AT = 8;
/** The salts change when the WAL restarts, and distinguish its frames from older ones behind them. */
const SALTS_AT = 16;
const SALTS_BYTES = 8;
const FRAME_HEADER_BYTES = 24;
/** Not 0 in the last frame of a transaction. */
const FRAME_COMMIT_AT = 4;
const FRAME_SALTS_AT = 8;
/** SQLite's limits: with another page size the header is damaged. */
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;

/**
 * Returns how many frames of the WAL at `path` have the salts of its header, up to the last one that ends a transaction.
 * SQLite stops at the first damaged frame without an error: fewer frames there mean that transactions are lost. 0 where
 * there is no WAL or its header is damaged. Throws what the system throws.
 */
export function committedFrames(path: string): number {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  try {
    return count(file);
  } finally {
    closeSync(file);
  }
}

function count(file: number): number {
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(file, header, 0, HEADER_BYTES, 0);
  const pageBytes = header.readUInt32BE(PAGE_SIZE_AT);
  if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) return 0;
  const salts = header.subarray(SALTS_AT, SALTS_AT + SALTS_BYTES);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES);
  let committed = 0;
  for (let frames = 1; ; frames += 1) {
    const at = HEADER_BYTES + (frames - 1) * (FRAME_HEADER_BYTES + pageBytes);
    const read = readSync(file, frame, 0, FRAME_HEADER_BYTES, at);
    const ofThisWal =
      read === FRAME_HEADER_BYTES &&
      salts.equals(frame.subarray(FRAME_SALTS_AT, FRAME_SALTS_AT + SALTS_BYTES));
    if (!ofThisWal) return committed;
    if (frame.readUInt32BE(FRAME_COMMIT_AT) !== 0) committed = frames;
  }
}
