// Makes directories and syncs the names in them, so that they survive a power cut.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { statOf, unusable, UnusableFile } from './database-file.ts';

/** What file systems answer that cannot sync a directory, as some FUSE, vfat and network ones. */
const NO_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR'];

/**
 * Makes the directory and those above it that are missing, for this user alone, and syncs each new name into the
 * directory that holds it. SQLite syncs the names of its own files: that of the WAL, and with it that of the
 * database, before its first commit ends. Does nothing where the directory is there. Throws UnusableFile where it
 * cannot be made.
 */
export function makeDirectory(path: string): void {
  const missing: string[] = [];
  // Not by a recursive mkdir: where the system answers ENOENT for ever, as in /proc, Node's never ends.
  for (let at = path; !isDirectory(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) {
    makeOne(directory);
    syncDirectory(dirname(directory));
  }
}

/** Makes the names in a directory durable, where its file system can. Throws what the system throws. */
export function syncDirectory(path: string): void {
  // Windows opens no directory, and keeps names in its journal.
  if (process.platform === 'win32') return;
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, 'r');
    fsyncSync(descriptor);
  } catch (error) {
    // Such a file system has no promise about names to ask for.
    if (!NO_SYNC.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Whether it is there; throws UnusableFile where something else is. */
function isDirectory(path: string): boolean {
  const found = statOf(path);
  if (found?.isDirectory() === false) throw new UnusableFile(`${path} is not a directory`);
  return found !== undefined;
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another process may have made it at the same moment.
    if (code !== 'EEXIST' || !isDirectory(path)) throw unusable(path, 'cannot be made', error);
  }
}
