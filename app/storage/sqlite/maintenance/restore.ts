// Replaces the database by a backup: checked first, exchanged in one step, the old file kept beside it.
import { renameSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../../sync-directory.ts';
import {
  AdminError,
  type NumberSource,
  type RestoreOptions,
  type RestoreReport,
} from '../../admin.ts';
import { openExisting } from '../file/connection.ts';
import { renewEpochs } from '../file/epochs.ts';
import { SCHEMA_VERSION, schemaVersion } from '../file/migrations.ts';
import { continueAfter, type Numbers, readNumbers, setLastSeq } from '../file/numbering.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { deleteIndex } from '../index/schema.ts';
import { inspectCopy, type OnBackupProgress } from './backup.ts';
import { isSameFile, partialName, removePartial, removeStale, syncFile } from './files.ts';
import { ReplacedFile } from './replaced.ts';

/**
 * Rejects with AdminError `in_use` while a service or another program has the target open, `bad_copy` where the backup is not
 * sound, `unsafe_number` where no safe number is known, and what the system says; the target is then as it was. Killed at any moment
 * it leaves the old file or the new one under the name, whole. The index is built again at the next start.
 */
export async function restore(
  options: RestoreOptions & { readonly target: string },
  onProgress: OnBackupProgress,
): Promise<RestoreReport> {
  const { backup, target, depth, firstNumber, signal } = options;
  refuseLive(backup, target);
  const lock = ServiceLock.exclusive(target);
  const partial = partialName(target);
  try {
    removeStale(target);
    const { size } = statSync(backup);
    onProgress('copying', 0, size);
    await copyFile(backup, partial);
    const inspection = await inspectCopy(partial, depth, onProgress, signal);
    const replaced = new ReplacedFile(target);
    const { kept, lastSeq, source } = replaced.undoneOnError(() => {
      const numbering = numberOn(partial, replaced.numbers, firstNumber);
      syncFile(partial);
      const keptName = replaced.linkToKeptName();
      renameSync(partial, target);
      return { ...numbering, kept: keptName };
    });
    syncDirectory(dirname(target));
    deleteIndex(target);
    return {
      file: target,
      bytes: size,
      messages: inspection.messages ?? 0,
      events: inspection.events ?? 0,
      deliveries: inspection.deliveries ?? 0,
      lastSeq,
      numberSource: source,
      kept,
    };
  } finally {
    removePartial(partial);
    lock.release();
  }
}

/** A database in use is no backup: what its WAL holds would be missing. */
function refuseLive(backup: string, target: string): void {
  if (isSameFile(backup, target))
    throw new AdminError('name_taken', `${backup} is the database itself`);
  if (!statSync(backup).isFile()) throw new AdminError('bad_copy', 'it is not a regular file');
  const wal = statSync(`${backup}-wal`, { throwIfNoEntry: false });
  if (wal !== undefined && wal.size > 0)
    throw new AdminError(
      'bad_copy',
      `it has a write-ahead log beside it (${backup}-wal), as a database in use: back that one up`,
    );
}

/**
 * Makes the copy continue above every number that it or the replaced file has assigned, so that a stored position in the
 * stream never skips a message. A file of an older schema version has the counter too.
 */
function numberOn(
  partial: string,
  replaced: Numbers,
  firstNumber: number | null,
): { lastSeq: number; source: NumberSource } {
  const database = openExisting(partial);
  try {
    const own = readNumbers(database);
    const numbering = continueAfter(own, replaced, firstNumber);
    database.exec('BEGIN IMMEDIATE');
    if (!own.certain || numbering.lastSeq > own.highest) setLastSeq(database, numbering.lastSeq);
    // No index of the replaced file, nor of the backup's other descendants, is taken for that of the restored one.
    if (schemaVersion(database) === SCHEMA_VERSION) renewEpochs(database);
    database.exec('COMMIT');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return numbering;
  } finally {
    database.close();
  }
}
