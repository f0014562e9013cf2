// Files that a command must not write over: its input, and those of the database.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError, EXIT } from '../exit.ts';

/** What lies beside a database of SQLite, and itself. */
const SUFFIXES = ['', '-wal', '-shm', '-journal', '-lock', '-index', '-index-wal', '-index-shm'];

/**
 * Throws CommandError where the file that `option` names is one of the database at `location`, or `input`. Links are followed. The location
 * of another engine is the name of no file.
 */
export function refuseOwnFile(
  option: string,
  file: string,
  location: string,
  input: string | null = null,
): void {
  const target = realPath(file);
  if (SUFFIXES.some((suffix) => realPath(location + suffix) === target))
    throw new CommandError(`${option}: ${file} belongs to the database itself`, EXIT.usage);
  if (input !== null && realPath(input) === target)
    throw new CommandError(`${option}: ${file} is the input itself`, EXIT.usage);
}

/** The path without links; as it is where there is no file. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
