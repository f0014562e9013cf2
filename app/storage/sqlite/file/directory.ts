// Creates the directory of the database so that its name survives a power cut, as SQLite does for the files in it.
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates the directory and its missing parents, for this user alone, and syncs each new name into the
 * directory that holds it. SQLite syncs the names of its own files: that of the WAL, and with it that of the
 * database, before its first commit ends. Does nothing where the directory exists. Throws what the system throws.
 */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(first);
  for (let holder = dirname(path); ; holder = dirname(holder)) {
    syncNames(holder);
    if (holder === above) return;
  }
}

function syncNames(directory: string): void {
  // Windows cannot open a directory, and journals names itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // A file system that cannot sync a directory makes no promise about names.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    closeSync(descriptor);
  }
}
