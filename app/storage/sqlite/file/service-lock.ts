// Which processes use the database: a lock that every service holds, and that the kernel releases however its process ends.
import { DatabaseSync } from 'node:sqlite';
import { AdminError } from '../../admin.ts';
import { checkForWriting } from './database-file.ts';
import { RESULT } from './failure.ts';

/** Another process holds a conflicting lock. The message is for the operator. */
export class InUseError extends AdminError {
  override readonly name = 'InUseError';
  /** `failureOf` classifies it as `locked`. */
  readonly errcode = RESULT.BUSY;

  constructor(message: string) {
    super('in_use', message);
  }
}

/** How long to wait for a lock before it counts as held by another process. */
const WAIT_MS = 2_000;

const EXCHANGED = 'it is being restored or repaired by another process';

/**
 * `primary`: the one process that fills the index; a service holds it for as long as it runs.
 * `shared`: a command that writes beside it. `exclusive`: no other process, as while the file is exchanged.
 */
type Level = 'primary' | 'shared' | 'exclusive';

/**
 * The locks are those of SQLite on an empty file beside the database, `…-lock`: advisory, and gone with their process.
 * Locks on the database itself are not enough: it may be too damaged to be opened, and a restore exchanges it.
 */
export class ServiceLock {
  readonly #file: DatabaseSync;
  #level: Level;

  private constructor(file: DatabaseSync, level: Level) {
    this.#file = file;
    this.#level = level;
  }

  /**
   * Returns the lock of a service, of which only one may run. Throws InUseError where another one runs, or the file is being
   * exchanged.
   */
  static forService(path: string): ServiceLock {
    return ServiceLock.#take(
      path,
      'primary',
      0,
      'another Oncebox service uses it, or it is being restored',
    );
  }

  /** Returns the lock of a command that writes, also beside a service. Throws InUseError while the file is being exchanged. */
  static forCommand(path: string): ServiceLock {
    return ServiceLock.#take(path, 'shared', WAIT_MS, EXCHANGED);
  }

  /** Returns the lock for work beside which no service may run. Throws InUseError where one runs, or other such work. */
  static exclusive(
    path: string,
    reason = `${path} is in use by a running service: stop it first`,
  ): ServiceLock {
    return ServiceLock.#take(path, 'exclusive', WAIT_MS, reason);
  }

  /**
   * For a command: runs `work` as the primary process, unless another is. Returns whether it did. Throws InUseError where another
   * process has taken the file after it.
   */
  asPrimary(work: () => void): boolean {
    // A write, which is never committed, upgrades a shared lock without releasing it.
    if (!attempt(() => this.#file.exec('PRAGMA user_version = 1'))) return false;
    let isLocked: boolean;
    try {
      work();
    } finally {
      this.#file.exec('ROLLBACK');
      isLocked = lock(this.#file, this.#level, WAIT_MS);
    }
    if (!isLocked) throw new InUseError(EXCHANGED);
    return true;
  }

  release(): void {
    this.#file.close();
  }

  /** Opens the lock file and takes the lock within `waitMs`. Throws InUseError with the reason. */
  static #take(path: string, level: Level, waitMs: number, reason: string): ServiceLock {
    const file = openLock(path);
    if (lock(file, level, waitMs)) return new ServiceLock(file, level);
    file.close();
    throw new InUseError(reason);
  }
}

function openLock(path: string): DatabaseSync {
  checkForWriting(path);
  const file = new DatabaseSync(`${path}-lock`);
  // Nothing is ever committed, so the journal need not be on the disk.
  // While another process holds an exclusive lock the setting fails, and so will the lock that is requested next.
  attempt(() => file.exec('PRAGMA journal_mode = MEMORY'));
  return file;
}

const BEGIN = {
  primary: 'BEGIN IMMEDIATE',
  shared: 'BEGIN',
  exclusive: 'BEGIN EXCLUSIVE',
} as const;

function lock(file: DatabaseSync, level: Level, waitMs: number): boolean {
  file.exec(`PRAGMA busy_timeout = ${waitMs}`);
  const locked = attempt(() => {
    file.exec(BEGIN[level]);
    // A plain BEGIN locks nothing before the first read.
    if (level === 'shared') file.prepare('SELECT count(*) FROM sqlite_schema').get();
  });
  if (!locked && file.isTransaction) file.exec('ROLLBACK');
  return locked;
}

/** Returns whether it could be done; false where another process holds the lock. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === RESULT.BUSY) return false;
    throw error;
  }
}
