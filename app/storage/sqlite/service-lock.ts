// Who uses the database: a lock that every service holds, and that the kernel frees however its process ends.
import { DatabaseSync } from 'node:sqlite';
import { checkForWriting } from './database-file.ts';
import { InUseError, SQLITE_BUSY } from './in-use.ts';

/** How long to wait for a lock before it counts as held by another process. */
const WAIT_MS = 2_000;

/**
 * `primary`: a service, the one that fills the search index. `shared`: another one beside it.
 * `exclusive`: nobody else, as while the file is exchanged or rebuilt.
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

  /** For a service: primary where no other one is, else shared. Throws InUseError while the file is being exchanged. */
  static forService(path: string): ServiceLock {
    const file = openLock(path);
    if (lock(file, 'primary', 0)) return new ServiceLock(file, 'primary');
    if (lock(file, 'shared', WAIT_MS)) return new ServiceLock(file, 'shared');
    file.close();
    throw new InUseError('it is being restored or repaired by another process');
  }

  /** For work that no service may run beside. Throws InUseError where one does, or other such work. */
  static exclusive(path: string): ServiceLock {
    const file = openLock(path);
    if (lock(file, 'exclusive', WAIT_MS)) return new ServiceLock(file, 'exclusive');
    file.close();
    throw new InUseError(`${path} is in use by a running service: stop it first`);
  }

  get level(): Level {
    return this.#level;
  }

  /** Becomes primary where the service that was it is gone. Gives whether this one is it now. */
  rise(): boolean {
    if (this.#level === 'shared') {
      // Writing, never to be committed, turns a shared lock into the other one without letting go of it.
      if (attempt(() => this.#file.exec('PRAGMA user_version = 1'))) this.#level = 'primary';
    }
    return this.#level === 'primary';
  }

  release(): void {
    this.#file.close();
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
