// Who uses the database: a lock that every service holds, and that the kernel frees however its process ends.
import { DatabaseSync } from 'node:sqlite';
import { checkForWriting } from './database-file.ts';
import { InUseError, SQLITE_BUSY } from './in-use.ts';

/** How long to wait for a lock before it counts as held by another process. */
const WAIT_MS = 2_000;

/**
 * `primary`: the one process that fills the index; a service is it for as long as it runs.
 * `shared`: a command beside it that writes. `exclusive`: nobody else, as while the file is exchanged.
 */
type Level = 'primary' | 'shared' | 'exclusive';

/**
 * The locks are those of SQLite on an empty file beside the database, `…-lock`: advisory, and gone with their process.
 * On the database itself they would not do: it may be too damaged to be opened, and it is exchanged under its name.
 */
export class ServiceLock {
  readonly #file: DatabaseSync;
  #level: Level;

  private constructor(file: DatabaseSync, level: Level) {
    this.#file = file;
    this.#level = level;
  }

  /** For a service, of which there is one. Throws InUseError where another one runs, or the file is being exchanged. */
  static forService(path: string): ServiceLock {
    return ServiceLock.#take(
      path,
      'primary',
      0,
      'another Oncebox service uses it, or it is being restored',
    );
  }

  /** For a command that writes, also beside a service. Throws InUseError while the file is being exchanged. */
  static forCommand(path: string): ServiceLock {
    return ServiceLock.#take(
      path,
      'shared',
      WAIT_MS,
      'it is being restored or repaired by another process',
    );
  }

  /** For work that no service may run beside. Throws InUseError where one does, or other such work. */
  static exclusive(path: string): ServiceLock {
    return ServiceLock.#take(
      path,
      'exclusive',
      WAIT_MS,
      `${path} is in use by a running service: stop it first`,
    );
  }

  /** Of a command: runs `work` as the primary process, where no other is. Returns whether it did. */
  asPrimary(work: () => void): boolean {
    // Writing, never to be committed, turns a shared lock into the other one without letting go of it.
    if (!attempt(() => this.#file.exec('PRAGMA user_version = 1'))) return false;
    try {
      work();
      return true;
    } finally {
      this.#file.exec('ROLLBACK');
      lock(this.#file, this.#level, WAIT_MS);
    }
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
  // Nothing is ever committed, so no journal need be on the disk.
  // Where the lock is exclusive at this moment the setting fails, and so will the lock that is asked for next.
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

/** Whether it could be done; false where another process holds the lock. */
function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
