// The output of an export: stdout, or a file that gets its name only when it is complete.
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { syncDirectory } from '../../sync-directory.ts';
import { CommandError } from '../exit.ts';

/** Characters that are buffered before they are written. */
const WRITE_UNITS = 262_144;
/** An unfinished file of another machine, or of a number that has a process again, is stale after this long. */
const STALE_MS = 86_400_000;

export interface Output {
  /** Writes text. Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** Makes what was written durable, and renames it to its final name. */
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): void;
}

/** Writes to stdout. A write that waits for a reader rejects when `signal` is aborted. */
export function toStdout(signal: AbortSignal): Output {
  let waiting = '';
  const flush = async (): Promise<void> => {
    const text = waiting;
    waiting = '';
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain', { signal });
  };
  return {
    write: async (text) => {
      waiting += text;
      if (waiting.length >= WRITE_UNITS) await flush();
    },
    finish: flush,
    discard: () => undefined,
  };
}

/**
 * Writes to a temporary file beside the target, and renames it at the end. Removes what killed exports to the same name
 * have left. Throws CommandError where the target exists and is not a regular file, and what the system throws.
 */
export function toFile(file: string): Output {
  const target = resolve(file);
  // Renamed over a device it would replace it.
  if (statSync(target, { throwIfNoEntry: false })?.isFile() === false)
    throw new CommandError(
      `${file} is not a regular file: leave out --output, and redirect stdout`,
    );
  removeStale(target);
  const partial = `${target}${partialSuffix(process.pid)}`;
  const descriptor = openSync(partial, 'wx', 0o600);
  let waiting = '';
  const flush = (): void => {
    const bytes = Buffer.from(waiting);
    waiting = '';
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
  };
  return {
    write: (text) => {
      waiting += text;
      if (waiting.length >= WRITE_UNITS) flush();
      return Promise.resolve();
    },
    finish: () => {
      flush();
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(partial, target);
      syncDirectory(dirname(target));
      return Promise.resolve();
    },
    discard: () => rmSync(partial, { force: true }),
  };
}

/** The host is part of the name: on a shared volume another one may have a process with the same number. */
function partialSuffix(pid: number | string): string {
  return `.partial-${hostname()}-${pid}`;
}

/** Removes the unfinished files for this target whose process is gone. */
function removeStale(target: string): void {
  const any = `${basename(target)}.partial-`;
  const own = `${basename(target)}${partialSuffix('')}`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(any)) continue;
    const path = join(dirname(target), name);
    const pid = name.startsWith(own) ? Number(name.slice(own.length)) : Number.NaN;
    if (isGone(pid) || isOld(path)) rmSync(path, { force: true });
  }
}

/** Whether a process of this host has ended; one with our own number must have been another. False for NaN. */
function isGone(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function isOld(path: string): boolean {
  const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - modifiedMs > STALE_MS;
}
