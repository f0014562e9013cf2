// What SQLite knows of the WAL, in memory that all connections share: that all of it is copied again, once a sync has failed.
import { openSync, writeSync } from 'node:fs';

/** Where the number of frames that are copied is: `nBackfill` (https://sqlite.org/walformat.html). */
const COPIED_FRAMES_AT = 96;
const NONE = new Uint8Array(4);

/**
 * Returns a descriptor of the WAL index of a database that is open. It is not to be closed before the connections of its thread:
 * that would drop the locks of the process (fcntl(2)). Throws what the system throws.
 */
export function openWalIndex(path: string): number {
  return openSync(`${path}-shm`, 'r+');
}

/**
 * Has the next checkpoint copy all frames of the WAL into the file. To be called after a sync of the file has failed, before another
 * one succeeds: the kernel counts the pages that it covered as written (https://lwn.net/Articles/752063/), so only the WAL
 * has them for certain, and it restarts once SQLite considers all of it copied. SQLite counts frames as copied before they are synced,
 * where more are committed meanwhile. To copy frames twice does no harm. Throws what the system throws.
 */
export function copyAgain(walIndex: number): void {
  writeSync(walIndex, NONE, 0, NONE.length, COPIED_FRAMES_AT);
}
