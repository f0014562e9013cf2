// Creates directories so that their names survive a power cut, as SQLite does for the files in them.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from '../../../sync-directory.ts';
import { statOf, unusable, UnusableFile } from './database-file.ts';

/**
 * Creates the directory and its missing parents, for this user alone, and syncs each new name into the
 * directory that holds it. SQLite syncs the names of its own files: that of the WAL, and with it that of the
 * database, before its first commit ends. Does nothing where the directory exists. Throws UnusableFile where it
 * cannot be created.
 */
export function makeDirectory(path: string): void {
  const missing: string[] = [];
  // Not by a recursive mkdir: where the system returns ENOENT for ever, as in /proc, Node's never ends.
  for (let at = path; !isDirectory(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  for (const directory of missing) {
    makeOne(directory);
    syncDirectory(dirname(directory));
  }
}

/** Returns whether it exists; throws UnusableFile where something else does. */
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
