// The file that a restore replaces: what its log holds, which numbers it has given, and where it is kept.
import { existsSync, linkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openForCheckpoints } from '../file/connection.ts';
import { failureOf } from '../file/failure.ts';
import { InUseError } from '../file/in-use.ts';
import { type Numbers, readNumbers, UNKNOWN } from '../file/numbering.ts';
import { isSameFile } from './files.ts';
import { FRAME_HEADER_BYTES, WAL_HEADER_BYTES, WalWatch } from './wal-watch.ts';

const KEPT = '.before-restore-';

export class ReplacedFile {
  readonly numbers: Numbers;
  readonly #path: string;
  readonly #kept: string;
  readonly #settled: boolean;

  /**
   * Moves the log of the file at `path` into it, as far as it can be read, and reads the numbers. There need be no file.
   * Throws InUseError where another program has it open.
   */
  constructor(path: string) {
    this.#path = path;
    this.#kept = `${path}${KEPT}${new Date().toISOString().replaceAll(/[-:.]/g, '')}`;
    const log = `${path}-wal`;
    const lost = lostLog(path, log);
    // SQLite may delete the log of a file that it cannot read: a second name keeps it.
    if (existsSync(log)) linkSync(log, `${this.#kept}-wal`);
    const { settled, numbers } = existsSync(path) ? settle(path) : UNSETTLED;
    this.#settled = settled;
    if (settled) rmSync(`${this.#kept}-wal`, { force: true });
    this.numbers = lost ? uncertain(numbers) : numbers;
  }

  /**
   * Gives the file a second name, and leaves no log under the old one: it would be taken for the log of the new
   * file. The old name stays until the new file takes it, so that at no moment there is none.
   * Returns the second name; null where there was no file.
   */
  setAside(): string | null {
    if (!this.#settled)
      for (const suffix of ['-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    if (!existsSync(this.#path)) return null;
    linkSync(this.#path, this.#kept);
    return this.#kept;
  }
}

const UNSETTLED = { settled: false, numbers: UNKNOWN } as const;

/**
 * Whether an earlier restore was killed between taking a log away that it could not read, and exchanging the files.
 * What that log had numbered, the file does not know.
 */
function lostLog(path: string, log: string): boolean {
  const prefix = basename(path) + KEPT;
  const keptLogs = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && name.endsWith('-wal'))
    .map((name) => join(dirname(path), name));
  // Killed before that, it left a second name of the log.
  for (const kept of keptLogs) if (isSameFile(kept, log)) rmSync(kept);
  return keptLogs.filter(existsSync).some((keptLog) => {
    const kept = keptLog.slice(0, -'-wal'.length);
    return !existsSync(kept) || isSameFile(kept, path);
  });
}

function uncertain(numbers: Numbers): Numbers {
  return { ...numbers, certain: false };
}

/** Moves the log into its file and closes both, which removes the log. Not `settled` where the file is too damaged for it. */
function settle(path: string): { settled: boolean; numbers: Numbers } {
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const watch = new WalWatch(path);
  watch.look();
  let numbers = UNKNOWN;
  try {
    const database = openForCheckpoints(path);
    try {
      // Fails where any other connection is open, one that no service holds.
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE');
      numbers = readNumbers(database);
      database.exec('COMMIT');
      // SQLite reads a log up to the first damaged frame, and says nothing of those after it.
      if (walBytes > 0 && readableBytes(database) < Math.max(1, watch.liveBytes))
        numbers = uncertain(numbers);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
    const settled = !existsSync(`${path}-wal`);
    return { settled, numbers: settled ? numbers : uncertain(numbers) };
  } catch (error) {
    if (failureOf(error) === 'locked')
      throw new InUseError(`${path} is open in another program: end it first`);
    return { settled: false, numbers: uncertain(numbers) };
  }
}

/** How many bytes of the log SQLite can read. */
function readableBytes(database: DatabaseSync): number {
  const frames = Number(database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()?.['log']);
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
  return frames <= 0 ? 0 : WAL_HEADER_BYTES + frames * (FRAME_HEADER_BYTES + pageBytes);
}
