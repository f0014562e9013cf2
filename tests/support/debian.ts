// Programs that npm does not carry: taken from the machine, or unpacked from Debian's packages without installing them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/debian/', import.meta.url));
const FETCH_TIMEOUT_MS = 120_000;

/** The package that holds each program, where it lies in it, and the arguments of a call that succeeds where it can run. */
const PROGRAMS = {
  promtool: { package: 'prometheus', path: 'usr/bin/promtool', trial: '--version' },
  prometheus: { package: 'prometheus', path: 'usr/bin/prometheus', trial: '--version' },
  nginx: { package: 'nginx', path: 'usr/sbin/nginx', trial: '-v' },
  openssl: { package: 'openssl', path: 'usr/bin/openssl', trial: 'version' },
  pgbouncer: { package: 'pgbouncer', path: 'usr/sbin/pgbouncer', trial: '--version' },
  // By a name that no path has: another version of `postgres` is not what is meant.
  'postgresql-15': {
    package: 'postgresql-15',
    path: 'usr/lib/postgresql/15/bin/postgres',
    trial: '--version',
  },
  caddy: { package: 'caddy', path: 'usr/bin/caddy', trial: 'version' },
} as const;

/** A program that can be started: its path, and what it needs in its environment. */
export interface Program {
  readonly path: string;
  readonly env: Record<string, string>;
}

/**
 * Gives a program, or skips the test with the reason why there is none. Where `CI` is set nothing is skipped:
 * the test fails with that reason instead.
 */
export function programFor(t: TestContext, name: keyof typeof PROGRAMS): Program | undefined {
  const found = findProgram(name);
  if ('path' in found) return found;
  const reason = `${name} is not installed, and Debian's package could not be had: ${found.reason}`;
  if (process.env['CI']) throw new Error(`nothing is skipped in CI: ${reason}`);
  t.skip(reason);
  return undefined;
}

const known = new Map<string, Program | { reason: string }>();

/** Returns a program, or the reason why there is none. Checked once in each process. */
export function findProgram(name: keyof typeof PROGRAMS): Program | { reason: string } {
  const found = known.get(name) ?? search(name);
  known.set(name, found);
  return found;
}

function search(name: keyof typeof PROGRAMS): Program | { reason: string } {
  const { package: from, path, trial } = PROGRAMS[name];
  for (const place of [name, `/${path}`]) {
    const program = { path: place, env: {} };
    if (runs(program, trial)) return program;
  }
  const directory = join(CACHE, from);
  if (!existsSync(join(directory, path))) {
    const reason = unpack(from, directory);
    if (reason !== null) return { reason };
  }
  const libraries = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((entry) => /(^|\/)lib\/[^/]+$/.test(entry))
    .map((entry) => join(directory, entry));
  const program = {
    path: join(directory, path),
    env: libraries.length > 0 ? { LD_LIBRARY_PATH: libraries.join(':') } : ({} as Program['env']),
  };
  return runs(program, trial) ? program : { reason: `${program.path} does not run here` };
}

function runs(program: Program, trial: string): boolean {
  return spawnSync(program.path, [trial], { env: { ...process.env, ...program.env } }).status === 0;
}

/**
 * Unpacks a package of Debian, and the libraries that it names, into `directory`; null, or why it cannot.
 * Nothing is installed and no right is needed: a service that the package would start stays out of the way.
 */
function unpack(name: string, directory: string): string | null {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    const reason = download(work, [name], []) && download(work, [name], ownLists(work));
    if (reason !== null) return reason;
    const archive = archives(work)[0] ?? '';
    const depends = spawnSync('dpkg-deb', ['-f', join(work, archive), 'Depends'], {
      encoding: 'utf8',
    }).stdout;
    const named = [...depends.matchAll(/\b(lib(?:ssl|pcre2|crypt)[\w.-]*)/g)];
    const libraries = [...new Set([...named.map(([library]) => library), ...missing(work, name)])];
    if (libraries.length > 0) {
      const lacking = download(work, libraries, []) && download(work, libraries, ownLists(work));
      if (lacking !== null) return lacking;
    }
    for (const file of archives(work)) {
      const { status, stderr } = spawnSync('dpkg-deb', ['-x', file, 'root'], {
        cwd: work,
        encoding: 'utf8',
      });
      if (status !== 0) return `${file} cannot be unpacked: ${stderr}`;
    }
    // Another test file may have been faster.
    if (!existsSync(directory)) renameSync(join(work, 'root'), directory);
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * The libraries that a package needs, also by way of others, and that this machine does not have.
 * Without the compiler that PostgreSQL can do without, which is larger than all of the rest.
 */
function missing(work: string, name: string): string[] {
  const options = existsSync(join(work, 'lists')) ? ownLists(work) : [];
  const args = [...options, '-qq', '--simulate', '--no-install-recommends', 'install', name];
  const { stdout } = spawnSync('apt-get', args, { encoding: 'utf8', timeout: FETCH_TIMEOUT_MS });
  return [...stdout.matchAll(/^Inst (lib(?!llvm|z3)\S*)/gm)].map(([, library = '']) => library);
}

const archives = (directory: string): string[] =>
  readdirSync(directory).filter((file) => file.endsWith('.deb'));

/** Has apt put packages into `work`; null, or what went wrong. */
function download(
  work: string,
  names: readonly string[],
  options: readonly string[],
): string | null {
  return apt(work, [...options, 'download', ...names]);
}

/** Options of apt for lists of our own, freshly fetched: an image often has none, and the machine's need root. */
function ownLists(work: string): string[] {
  const options = [`Dir::State::lists=${work}/lists`, `Dir::Cache=${work}/cache`].flatMap(
    (option) => ['-o', option],
  );
  if (!existsSync(join(work, 'lists'))) {
    for (const part of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(work, part), { recursive: true });
    apt(work, [...options, 'update']);
  }
  return options;
}

function apt(work: string, args: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync(
    'apt-get',
    ['-qq', '-o', 'APT::Sandbox::User=', ...args],
    {
      cwd: work,
      encoding: 'utf8',
      timeout: FETCH_TIMEOUT_MS,
    },
  );
  if (error) return error.message;
  return status === 0 ? null : stderr.trim();
}
