// A backup of the live file: copied without holding it up, looked over, and only then given its name.
import { existsSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Depth, Inspection } from '../../admin.ts';
import { openForCheckpoints, openForReading } from '../file/connection.ts';
import { statOf } from '../file/database-file.ts';
import { checkAside } from './check-aside.ts';
import {
  BadCopy,
  isSameFile,
  NameTaken,
  partialName,
  place,
  type Placement,
  removeStale,
} from './files.ts';
import { PageCopy, copyStart } from './page-copy.ts';
import { WalWatch } from './wal-watch.ts';

/** The log is looked at this often: it must not be begun anew twice in between. */
const LOOK_EVERY_MS = 20;
/** Changed pages are copied again, without a lock, until so few are left, or so many times. */
const FEW_PAGES = 2_000;
const ROUNDS_MAX = 8;

export interface BackupOptions {
  readonly source: string;
  readonly target: string;
  readonly placement: Placement;
  readonly depth: Depth;
  /** Bytes copied in a second at most; 0 for as many as there can be. */
  readonly bytesPerSecond: number;
  /** Stops it. What was written is removed again. */
  readonly signal: AbortSignal;
}

/** What is being done; `done` of `all` in bytes while copying, in messages while checking. */
export type TellBackup = (stage: 'copying' | 'checking', done: number, all: number | null) => void;

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly messages: number;
  readonly lastSeq: number;
  /** Times that changed pages were copied again before the file was held. */
  readonly rounds: number;
  /** How long checkpoints could not start the log over, in milliseconds. */
  readonly heldMs: number;
  /** Whether the file was held for the whole copy, because changes may have been missed. */
  readonly heldForAll: boolean;
  readonly copySeconds: number;
  readonly checkSeconds: number;
}

/**
 * Makes a backup. Every message that was acknowledged before the call is in it. Rejects with BadCopy where the copy is
 * not sound, and with what SQLite or the system says; the target is then as it was before.
 */
export async function backUp(options: BackupOptions, tell: TellBackup): Promise<BackupReport> {
  const { source, target, depth } = options;
  if (isSameFile(source, target)) throw new NameTaken(`${target} is the database itself`);
  if (options.placement === 'new' && existsSync(target))
    throw new NameTaken(`${target} is there already`);
  // Renamed over a device, the copy would take its place.
  if (statOf(target)?.isFile() === false) throw new NameTaken(`${target} is not a regular file`);
  lowerPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  removeStale(target);
  const partial = partialName(target);
  try {
    const startMs = performance.now();
    const copied = await copyLive(options, partial, tell);
    settle(partial);
    const copiedMs = performance.now();
    // From here on nothing is held: it may take as long as it takes.
    lowerPriority(constants.priority.PRIORITY_LOW);
    const inspection = await inspectCopy(partial, depth, tell, options.signal);
    options.signal.throwIfAborted();
    const bytes = place(partial, target, options.placement);
    return {
      file: target,
      bytes,
      messages: inspection.messages ?? 0,
      lastSeq: inspection.lastSeq ?? 0,
      ...copied,
      copySeconds: (copiedMs - startMs) / 1_000,
      checkSeconds: (performance.now() - copiedMs) / 1_000,
    };
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
  }
}

/**
 * The file is copied as it is, while it changes; the pages that changed meanwhile are copied again, and again, until
 * few are left. These are copied while a read transaction keeps the file at one state, and with them the log.
 */
async function copyLive(
  { source, bytesPerSecond, signal }: BackupOptions,
  partial: string,
  tell: TellBackup,
): Promise<Pick<BackupReport, 'rounds' | 'heldMs' | 'heldForAll'>> {
  const database = openForReading(source);
  const watch = new WalWatch(source);
  let copy: PageCopy | null = null;
  try {
    // The first read opens the log, which is then not deleted before this connection is closed.
    copy = new PageCopy(source, partial, pageBytesOf(database));
    const { sourceBytes } = copy;
    watch.look();
    let lookedMs = performance.now();
    const breathe = async (): Promise<void> => {
      const nowMs = performance.now();
      if (nowMs - lookedMs < LOOK_EVERY_MS) return;
      lookedMs = nowMs;
      watch.look();
      tell('copying', Math.min(copy?.written ?? 0, sourceBytes), sourceBytes);
      await nextTurn();
      signal.throwIfAborted();
    };
    await copy.all(bytesPerSecond, breathe);
    const { rounds, left } = await copyChanges(copy, watch, breathe);
    const startMs = performance.now();
    const heldForAll = await copyHeld(database, copy, watch, left, { source, partial });
    return { rounds, heldMs: performance.now() - startMs, heldForAll };
  } finally {
    database.close();
    copy?.close();
  }
}

/** Gives the pages that have changed since they were last copied. */
async function copyChanges(
  copy: PageCopy,
  watch: WalWatch,
  breathe: () => Promise<void>,
): Promise<{ rounds: number; left: number[] }> {
  let before = Number.POSITIVE_INFINITY;
  for (let rounds = 0; ; rounds += 1) {
    watch.look();
    const left = watch.take();
    // Where they do not become fewer, another round would not help.
    if (left.length <= FEW_PAGES || left.length > before / 2 || rounds === ROUNDS_MAX)
      return { rounds, left };
    before = left.length;
    await copy.pages(left, breathe);
  }
}

/** Copies what is left from one state of the file. Where changes may have been missed, that is all of it; gives whether. */
async function copyHeld(
  database: DatabaseSync,
  copy: PageCopy,
  watch: WalWatch,
  left: readonly number[],
  { source, partial }: { source: string; partial: string },
): Promise<boolean> {
  database.exec('BEGIN');
  try {
    // From this read on, checkpoints move nothing newer into the file, and the log is not begun anew.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    watch.look();
    const pages = new Set([...left, ...watch.take()]);
    const all = !watch.complete;
    if (!all)
      await copy.pages(
        [...pages].toSorted((a, b) => a - b),
        null,
      );
    else await copy.all(0, () => Promise.resolve());
    copy.fit();
    watch.look();
    if (watch.liveBytes > 0) copyStart(`${source}-wal`, `${partial}-wal`, watch.liveBytes);
    return all;
  } finally {
    database.exec('COMMIT');
  }
}

/** Moves the log into the copy. */
function settle(partial: string): void {
  const database = openForCheckpoints(partial);
  try {
    // It is synced as a whole before it gets its name.
    database.exec('PRAGMA synchronous = OFF');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Looks a copy over before it may take anybody's place. Throws BadCopy. */
export async function inspectCopy(
  partial: string,
  depth: Depth,
  tell: TellBackup,
  signal: AbortSignal,
): Promise<Inspection> {
  const inspection = await checkAside(
    partial,
    depth,
    (_, done, all) => tell('checking', done, all),
    signal,
  );
  if (inspection.sound) return inspection;
  const problems = inspection.findings.flatMap(({ problems: found }) => found);
  throw new BadCopy(problems.slice(0, 3).join('; '));
}

function pageBytesOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
}

/** The service goes first where both want the processor. Linux lowers this thread only, and it does all of the work. */
function lowerPriority(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Not everywhere allowed, and never needed for the result.
  }
}
