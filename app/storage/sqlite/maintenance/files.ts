// Copies of a database: written under a temporary name beside the final one, synced, then renamed; abandoned ones are removed.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../../../sync-directory.ts';
import { AdminError } from '../../admin.ts';

/** Age at which a copy that a killed process left behind is removed by the next process that makes one. */
const STALE_MS = 86_400_000;
const PARTIAL = '.partial-';

/** Returns an unused name in the same directory. */
export function partialName(target: string): string {
  return `${target}${PARTIAL}${randomUUID()}.db`;
}

/** Removes an unfinished copy, and what SQLite made beside it. */
export function removePartial(partial: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
}

/** Removes unfinished copies for this target that were not written to for a day. */
export function removeStale(target: string): void {
  const prefix = `${basename(target)}${PARTIAL}`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(target), name);
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedMs > STALE_MS) rmSync(path, { force: true });
  }
}

/**
 * Syncs a finished copy, renames it to its final name, and syncs the directory. Returns its size in bytes.
 * Throws AdminError `name_taken` where a file has the name and `replace` is false.
 */
export function publish(partial: string, target: string, replace: boolean): number {
  syncFile(partial);
  const { size } = statSync(partial);
  if (replace) renameSync(partial, target);
  else {
    try {
      // A link, unlike a rename, never replaces a file that was created meanwhile.
      linkSync(partial, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || existsSync(target))
        throw new AdminError('name_taken', `${target} is there already`);
      // Some file systems have no hard links.
      renameSync(partial, target);
    }
    rmSync(partial, { force: true });
  }
  syncDirectory(dirname(target));
  return size;
}

/** Returns whether both paths name the same file. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/** Makes the content of a file durable. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
