// A backup of the live file: copied by SQLite, checked, and only then renamed to its final name.
import { closeSync, existsSync, openSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { backup } from 'node:sqlite';
import {
  AdminError,
  type BackupOptions,
  type BackupReport,
  type Depth,
  type Inspection,
  type OnProgress,
} from '../../admin.ts';
import { openForReading } from '../file/connection.ts';
import { statOf } from '../file/database-file.ts';
import { checkInWorker } from './check-worker.ts';
import { isSameFile, partialName, publish, removePartial, removeStale } from './files.ts';

/** Pages copied at a time, 1 MiB: in between progress is shown, and an interruption noticed. */
const STEP_PAGES = 256;

/** What is being done; `done` of `all` in pages while copying, in messages while checking. */
export type OnBackupProgress = OnProgress<'copying' | 'checking'>;

/**
 * Makes a backup of the database file; the index file is not part of it. Every message that was acknowledged before the
 * call is in it. Rejects with AdminError `name_taken`, or `bad_copy` where the copy is not sound, and with the error of SQLite or the system; the target
 * is then as it was before.
 */
export async function backUp(
  options: BackupOptions & { readonly source: string },
  onProgress: OnBackupProgress,
): Promise<BackupReport> {
  const { source, target, replace, depth, signal } = options;
  const taken = (why: string): AdminError => new AdminError('name_taken', `${target} is ${why}`);
  if (isSameFile(source, target)) throw taken('the database itself');
  if (!replace && existsSync(target)) throw taken('there already');
  // Renamed over a device, the copy would replace it.
  if (statOf(target)?.isFile() === false) throw taken('not a regular file');
  lowerPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  removeStale(target);
  const partial = partialName(target);
  try {
    const startMs = performance.now();
    await copyLive(source, partial, onProgress, signal);
    const copiedMs = performance.now();
    // From here on the service's WAL is free: the check may take as long as it takes.
    lowerPriority(constants.priority.PRIORITY_LOW);
    const inspection = await inspectCopy(partial, depth, onProgress, signal);
    signal.throwIfAborted();
    const bytes = publish(partial, target, replace);
    return {
      file: target,
      bytes,
      messages: inspection.messages ?? 0,
      events: inspection.events ?? 0,
      deliveries: inspection.deliveries ?? 0,
      lastSeq: inspection.lastSeq ?? 0,
      copySeconds: (copiedMs - startMs) / 1_000,
      checkSeconds: (performance.now() - copiedMs) / 1_000,
    };
  } finally {
    removePartial(partial);
  }
}

/**
 * Copies one state of the file by SQLite's online backup. That restarts whenever another process has committed,
 * unless its connection is in a read transaction; until that ends the WAL of the service grows.
 */
async function copyLive(
  source: string,
  partial: string,
  onProgress: OnBackupProgress,
  signal: AbortSignal,
): Promise<void> {
  // SQLite keeps the mode of the file that it finds, and makes its journal with the same one.
  closeSync(openSync(partial, 'wx', 0o600));
  const database = openForReading(source);
  try {
    database.exec('BEGIN');
    // BEGIN alone takes no snapshot: the first read does.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(database, partial, {
      rate: STEP_PAGES,
      progress: ({ totalPages, remainingPages }) => {
        // What is thrown here ends the copy, and is what `backup` rejects with.
        signal.throwIfAborted();
        onProgress('copying', totalPages - remainingPages, totalPages);
      },
    });
  } finally {
    database.close();
  }
}

/** Checks a copy before it may replace another file. Throws AdminError `bad_copy`. */
export async function inspectCopy(
  partial: string,
  depth: Depth,
  onProgress: OnBackupProgress,
  signal: AbortSignal,
): Promise<Inspection> {
  const inspection = await checkInWorker(
    partial,
    depth,
    (_, done, all) => onProgress('checking', done, all),
    signal,
  );
  if (inspection.sound) return inspection;
  const problems = inspection.findings.flatMap(({ problems: found }) => found);
  throw new AdminError('bad_copy', problems.slice(0, 3).join('; '));
}

/**
 * Lets the service run first when both need the processor. Linux lowers this thread and those that it starts later: so it is
 * called before the first use of the thread pool, in which SQLite copies.
 */
function lowerPriority(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Not everywhere allowed, and never needed for the result.
  }
}
