// A database file that is named by a symbolic link.
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** So many links lead to a file at most. */
const LINKS_MAX = 40;

/**
 * Returns the path of the file that a symbolic link at `path` leads to, there or not; `path` where there is no link. SQLite names the WAL
 * after that file, so the files beside it must be as well.
 */
export function withoutLink(path: string): string {
  let file = path;
  try {
    for (let links = 0; links < LINKS_MAX && lstatSync(file).isSymbolicLink(); links += 1)
      file = resolve(realpathSync(dirname(file)), readlinkSync(file));
  } catch {
    // There is no file yet, or it cannot be reached: to open it says so.
  }
  return file;
}
