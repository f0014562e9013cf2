// DATABASE_URL: the engine and the place of the database.
import { resolve } from 'node:path';
import type { DatabaseLocation } from '../model/database.ts';
import { ConfigError } from './config-error.ts';
import { ENVIRONMENT, type Environment } from './environment.ts';
import { readPostgresUrl } from './postgres-url.ts';
import { readSecret } from './secrets.ts';
import { setting } from './settings.ts';

/**
 * The database that DATABASE_URL names, or the file of DATABASE_URL_FILE, as the URL may hold a password. Throws ConfigError, which
 * repeats only the scheme.
 */
export function readDatabase(env: Environment = ENVIRONMENT): DatabaseLocation {
  const url =
    readSecret(env, 'DATABASE_URL')?.toString('utf8').trim() ?? setting(env, 'DATABASE_URL');
  return readDatabaseUrl('DATABASE_URL', url);
}

/** Reads a URL that `name` holds: one scheme for each engine. Throws ConfigError, which repeats only the scheme. */
export function readDatabaseUrl(name: string, url: string): DatabaseLocation {
  const [scheme] = /^[a-z][a-z0-9+.-]{0,31}(?=:)/i.exec(url) ?? [];
  if (scheme === 'sqlite') return { engine: 'sqlite', path: readSqlitePath(name, url) };
  if (scheme === 'postgres' || scheme === 'postgresql') return readPostgresUrl(name, url);
  const found = scheme === undefined ? '' : `; ${scheme}: is not supported`;
  throw new ConfigError(`${name} ${SQLITE_FORM}, or with postgres://${found}`);
}

const SQLITE_PREFIX = 'sqlite:///';
const SQLITE_FORM = 'must start with sqlite:/// (relative path) or sqlite://// (absolute path)';

/** SQLAlchemy's reading of a URL: what follows the third slash is the path, so a fourth makes it absolute. Throws ConfigError. */
function readSqlitePath(name: string, url: string): string {
  if (!url.startsWith(SQLITE_PREFIX)) throw new ConfigError(`${name} ${SQLITE_FORM}`);
  const path = url.slice(SQLITE_PREFIX.length);
  if (path === '' || path === ':memory:') {
    throw new ConfigError(
      `${name} names no file: a database in memory would lose what was acknowledged`,
    );
  }
  if (path.includes('?') || path.includes('\0')) {
    throw new ConfigError(`${name} must be a plain path after sqlite:///, without parameters`);
  }
  return resolve(path);
}
