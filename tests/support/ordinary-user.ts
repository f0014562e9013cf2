// Who runs the servers that refuse to run as root, where the tests do, and how that user reaches their programs.
import { cpSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Program } from './debian.ts';

/** A user that owns nothing. */
const NOBODY = 65_534;

/** Options for a process that must not be root's: none, unless the tests are. */
export function ordinaryUser(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/**
 * Gives a program where the ordinary user can start it: as it is, or in a copy of all that is below `root` in `directory`,
 * since root may have the project where nobody else may look.
 */
export function reachable(program: Program, root: string, directory: string): Program {
  if (ordinaryUser().uid === undefined || isOpenToAll(dirname(program.path))) return program;
  const copy = join(directory, 'programs');
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
  const moved = Object.entries(program.env).map(([name, value]) => [
    name,
    value.replaceAll(root, copy),
  ]);
  return {
    path: program.path.replace(root, copy),
    env: Object.fromEntries(moved) as Program['env'],
  };
}

/** The directory that a package of Debian was unpacked into, which has all that one of its programs needs. */
export function rootOf(program: Program): string {
  return program.path.slice(0, program.path.lastIndexOf('/usr/'));
}

/** Whether everybody may enter a directory and all that are above it. */
function isOpenToAll(directory: string): boolean {
  const above = dirname(directory);
  return (
    (statSync(directory).mode & 0o005) === 0o005 && (above === directory || isOpenToAll(above))
  );
}
