// Puts a backup in the place of the database: looked over first, exchanged in one step, the old file kept beside it.
import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openForCheckpoints } from '../connection.ts';
import { syncDirectory } from '../directory.ts';
import { failureOf } from '../failure.ts';
import type { Depth } from '../inspect.ts';
import { InUseError } from '../in-use.ts';
import { ServiceLock } from '../service-lock.ts';
import { inspectCopy, type TellBackup } from './backup.ts';
import { BadCopy, isSameFile, NameTaken, partialName, removeStale, syncFile } from './files.ts';

export interface RestoreReport {
  readonly file: string;
  readonly bytes: number;
  readonly messages: number;
  readonly lastSeq: number;
  /** Where the old file is now; null where there was none. */
  readonly kept: string | null;
}

/**
 * Rejects with InUseError while a service or another program has the target open, BadCopy where the backup is not sound,
 * and what the system says; the target is then as it was. Killed at any moment it leaves the old file or the new one
 * under the name, whole.
 */
export async function restore(
  options: {
    readonly backup: string;
    readonly target: string;
    readonly depth: Depth;
    /** Stops it, up to the moment when the files are exchanged. */
    readonly signal: AbortSignal;
  },
  tell: TellBackup,
): Promise<RestoreReport> {
  const { backup, target, depth, signal } = options;
  refuseLive(backup, target);
  const lock = ServiceLock.exclusive(target);
  const partial = partialName(target);
  try {
    removeStale(target);
    const { size } = statSync(backup);
    tell('copying', 0, size);
    await copyFile(backup, partial);
    const inspection = await inspectCopy(partial, depth, tell, signal);
    syncFile(partial);
    const kept = existsSync(target) ? setAside(target) : null;
    renameSync(partial, target);
    syncDirectory(dirname(target));
    return {
      file: target,
      bytes: size,
      messages: inspection.messages ?? 0,
      lastSeq: inspection.lastSeq ?? 0,
      kept,
    };
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(partial + suffix, { force: true });
    lock.release();
  }
}

/** A database in use is no backup: what its log holds would be missing. */
function refuseLive(backup: string, target: string): void {
  if (isSameFile(backup, target)) throw new NameTaken(`${backup} is the database itself`);
  if (!statSync(backup).isFile()) throw new BadCopy('it is not a regular file');
  const log = statSync(`${backup}-wal`, { throwIfNoEntry: false });
  if (log !== undefined && log.size > 0)
    throw new BadCopy(
      `it has a log beside it (${backup}-wal), as a database in use: back that one up`,
    );
}

/**
 * Gives the old file a second name, and leaves no log under the old one: it would be taken for the log of the new
 * file. The old name stays until the new file takes it, so that at no moment there is none. Gives the second name.
 */
function setAside(target: string): string {
  const kept = `${target}.before-restore-${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
  const log = `${target}-wal`;
  // SQLite may delete the log of a file that it cannot read: a second name keeps it.
  if (existsSync(log)) linkSync(log, `${kept}-wal`);
  if (settleLog(target)) rmSync(`${kept}-wal`, { force: true });
  else for (const path of [log, `${target}-shm`]) rmSync(path, { force: true });
  linkSync(target, kept);
  return kept;
}

/** Moves the log into its file and closes both, which removes the log. False where the file is too damaged for it. */
function settleLog(target: string): boolean {
  try {
    const database = openForCheckpoints(target);
    try {
      // Fails where any other connection is open, one that no service holds.
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
      database.exec('COMMIT');
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
    return !existsSync(`${target}-wal`);
  } catch (error) {
    if (failureOf(error) === 'locked')
      throw new InUseError(`${target} is open in another program: end it first`);
    return false;
  }
}
