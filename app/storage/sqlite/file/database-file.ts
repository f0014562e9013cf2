// Checks whether a path can be a database, before SQLite opens it: SQLite reports less, and would wait at a FIFO.
import { accessSync, closeSync, constants, openSync, realpathSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { Refusal } from '../../../model/refusal.ts';

/** The files that the database needs. Its index is none of them: whatever is in the place of that, the service works without it. */
const SUFFIXES = ['', '-wal', '-shm', '-journal', '-lock'];
/** SQLite opens no path of more than 504 bytes, and `-lock` and `-index` are opened as databases too. */
const PATH_BYTES_MAX = 504 - '-index'.length;
/** A path longer than this is cut in messages: they are for people. */
const SHOWN_UNITS_MAX = 200;

/** The database cannot be at its path. The message begins with the path. */
export class UnusableFile extends Refusal {
  override readonly name = 'UnusableFile';
}

/** An UnusableFile that says what the system says; any other error as it is. */
export function unusable(path: string, what: string, error: unknown): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined) return error;
  return new UnusableFile(`${shown(path)} ${what}: ${getSystemErrorMessage(errno)} (${code})`);
}

/** Throws UnusableFile where SQLite would find anything but regular files at `path` and beside it, or wait there. */
export function checkForReading(path: string): void {
  for (const suffix of SUFFIXES) {
    const kind = otherKind(statOf(path + suffix));
    if (kind !== null)
      throw new UnusableFile(`${shown(path + suffix)} is a ${kind}, not a regular file`);
  }
}

/** Throws UnusableFile also where this process cannot write the file, or make those beside it. */
export function checkForWriting(path: string): void {
  const directory = dirname(path);
  const found = statOf(directory);
  if (found === undefined) throw new UnusableFile(`${shown(directory)} is not there`);
  if (!found.isDirectory()) throw new UnusableFile(`${shown(directory)} is not a directory`);
  checkForReading(path);
  if (Buffer.byteLength(join(realpathSync(directory), basename(path))) > PATH_BYTES_MAX)
    throw new UnusableFile(`${shown(path)} is longer than SQLite's ${PATH_BYTES_MAX} bytes`);
  checkAccess(directory);
  if (statOf(path) !== undefined) checkAccess(path);
  makeEmpty(`${path}-lock`);
}

/** What is at a path; undefined where nothing is. Throws UnusableFile where that cannot be said. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, 'cannot be reached', error);
  }
}

function otherKind(stat: Stats | undefined): string | null {
  if (stat === undefined || stat.isFile()) return null;
  if (stat.isDirectory()) return 'directory';
  if (stat.isFIFO()) return 'FIFO';
  return stat.isSocket() ? 'socket' : 'device';
}

function checkAccess(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES') throw unusable(path, 'cannot be written', error);
    const uid = process.getuid?.() ?? 0;
    const gid = process.getgid?.() ?? 0;
    throw new UnusableFile(
      `${path} cannot be written: it belongs to uid ${statOf(path)?.uid ?? 'unknown'}, and this process runs as ` +
        `uid ${uid}; fix it with: chown -R ${uid}:${gid} ${path}`,
    );
  }
}

/** SQLite would create it too, but does not report why it cannot. */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // Closing a descriptor of a file that is there would drop the locks that this process has on it (fcntl(2)).
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw unusable(path, 'cannot be made', error);
  }
}

function shown(path: string): string {
  return path.length <= SHOWN_UNITS_MAX ? path : `${path.slice(0, SHOWN_UNITS_MAX)}…`;
}
