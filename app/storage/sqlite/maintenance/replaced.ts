// The file that a restore replaces: what its WAL holds, which numbers it has used, and where it is kept.
import { existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openExisting } from '../file/connection.ts';
import { failureOf } from '../file/failure.ts';
import { InUseError } from '../file/service-lock.ts';
import { type Numbers, readNumbers, UNKNOWN } from '../file/numbering.ts';
import { isSameFile } from './files.ts';
import { committedFrames } from './wal-frames.ts';

const KEPT = '.before-restore-';

export class ReplacedFile {
  readonly numbers: Numbers;
  readonly #path: string;
  readonly #kept: string;
  readonly #walRemoved: boolean;

  /**
   * Moves the WAL of the file at `path` into it, as far as it can be read, and reads the numbers. There need be no file.
   * Throws InUseError where another program has it open.
   */
  constructor(path: string) {
    this.#path = path;
    this.#kept = `${path}${KEPT}${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
    const wal = `${path}-wal`;
    const lost = lostWal(path, wal);
    // SQLite may delete the WAL of a file that it cannot read: a second name keeps it.
    if (existsSync(wal)) linkSync(wal, `${this.#kept}-wal`);
    const { walRemoved, numbers } = this.undoneOnError(() =>
      existsSync(path) ? checkpointAndClose(path) : NOTHING_READ,
    );
    this.#walRemoved = walRemoved;
    if (walRemoved) rmSync(`${this.#kept}-wal`, { force: true });
    this.numbers = lost ? uncertain(numbers) : numbers;
  }

  /**
   * Links the file to a second name, and leaves no WAL under the old one: it would be taken for the WAL of the new
   * file. The old name stays until the new file takes it, so that at no moment there is none.
   * Returns the second name; null where there was no file.
   */
  linkToKeptName(): string | null {
    if (!this.#walRemoved)
      for (const suffix of ['-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    if (!existsSync(this.#path)) return null;
    linkSync(this.#path, this.#kept);
    return this.#kept;
  }

  /** Runs a step of the restore. Where it throws, nothing is left of the second names, and the file has its WAL. */
  undoneOnError<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  #undo(): void {
    if (isSameFile(this.#path, this.#kept)) rmSync(this.#kept);
    const [wal, keptWal] = [`${this.#path}-wal`, `${this.#kept}-wal`];
    if (!existsSync(keptWal)) return;
    // A rename to another name of the same file would leave both.
    if (isSameFile(wal, keptWal)) rmSync(keptWal);
    else renameSync(keptWal, wal);
  }
}

const NOTHING_READ = { walRemoved: false, numbers: UNKNOWN } as const;

/**
 * Whether an earlier restore was killed between taking a WAL away that it could not read, and exchanging the files.
 * The numbers that were assigned in that WAL are missing in the file.
 */
function lostWal(path: string, wal: string): boolean {
  const prefix = basename(path) + KEPT;
  const keptWals = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && name.endsWith('-wal'))
    .map((name) => join(dirname(path), name));
  // Killed before that, it left a second name of the WAL.
  for (const kept of keptWals) if (isSameFile(kept, wal)) rmSync(kept);
  return keptWals.filter(existsSync).some((keptWal) => {
    const kept = keptWal.slice(0, -'-wal'.length);
    return !existsSync(kept) || isSameFile(kept, path);
  });
}

function uncertain(numbers: Numbers): Numbers {
  return { ...numbers, certain: false };
}

/** Checkpoints and closes the file, which removes its WAL. Not `walRemoved` where the file is too damaged for it. */
function checkpointAndClose(path: string): { walRemoved: boolean; numbers: Numbers } {
  const wal = `${path}-wal`;
  const walBytes = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
  const committed = committedFrames(wal);
  let numbers = UNKNOWN;
  try {
    const database = openExisting(path);
    try {
      // Fails where any other connection is open, one that no service holds.
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
      numbers = readNumbers(database);
      database.exec('COMMIT');
      // SQLite reads a WAL up to the first damaged frame, and ignores those after it.
      if (walBytes > 0 && readableFrames(database) < Math.max(1, committed))
        numbers = uncertain(numbers);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
    const walRemoved = !existsSync(wal);
    return { walRemoved, numbers: walRemoved ? numbers : uncertain(numbers) };
  } catch (error) {
    if (failureOf(error) === 'locked')
      throw new InUseError(`${path} is open in another program: end it first`);
    return { walRemoved: false, numbers: uncertain(numbers) };
  }
}

/** How many frames of the WAL SQLite can read. */
function readableFrames(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()?.['log']);
}
