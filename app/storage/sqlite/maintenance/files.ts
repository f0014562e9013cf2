// Names and places of copies: a temporary name beside the final one, synced before it changes, and old ones removed.
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
import { AdminError } from '../../admin.ts';

/** `new`: the name must be free. `replace`: a file that has it goes. */
export type Placement = 'new' | 'replace';

/** What a process that was killed left behind is removed after this long, by the next one that makes such a file. */
const STALE_MS = 86_400_000;
const PARTIAL = '.partial-';

/** A copy that is not sound: what is wrong with it. */
export class BadCopy extends AdminError {
  override readonly name = 'BadCopy';

  constructor(message: string) {
    super('bad_copy', message);
  }
}

/** The name is taken. */
export class NameTaken extends AdminError {
  override readonly name = 'NameTaken';

  constructor(message: string) {
    super('name_taken', message);
  }
}

/** A name in the same directory that nobody else uses. */
export function partialName(target: string): string {
  return `${target}${PARTIAL}${randomUUID()}.db`;
}

/** Removes unfinished copies for this target that nobody has written to for a day. */
export function removeStale(target: string): void {
  const prefix = `${basename(target)}${PARTIAL}`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(target), name);
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modifiedMs > STALE_MS) rmSync(path, { force: true });
  }
}

/** Syncs a finished copy, gives it its name, and syncs that. Gives its size in bytes. Throws NameTaken. */
export function place(partial: string, target: string, placement: Placement): number {
  syncFile(partial);
  const { size } = statSync(partial);
  if (placement === 'replace') renameSync(partial, target);
  else {
    try {
      // A link, unlike a rename, never takes the place of a file that has come meanwhile.
      linkSync(partial, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || existsSync(target))
        throw new NameTaken(`${target} is there already`);
      // Some file systems have no links.
      renameSync(partial, target);
    }
    rmSync(partial, { force: true });
  }
  syncDirectory(dirname(target));
  return size;
}

/** Whether both names are those of one file. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/** Makes what is in a file durable. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  // Windows opens no directory, and keeps names in its journal.
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
