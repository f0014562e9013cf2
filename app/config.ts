// The environment, read once into a frozen Config; what does not fit is named with its reason.
import { isIPv6 } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { readBasePath } from './config/base-path.ts';
import { ConfigError } from './config/config-error.ts';
import type { DatabaseLocation } from './model/database.ts';
import { SECRET_NAMES, readSecret, readToken, required } from './config/secrets.ts';

/** Every setting: a test compares docs/reference/settings.md with this list. */
export const SETTINGS = [
  {
    name: 'WEBHOOK_SECRET',
    default: null,
    meaning: 'Key of the HMAC. Required, unless `WEBHOOK_SECRET_FILE` is set',
  },
  {
    name: 'WEBHOOK_SECRET_FILE',
    default: null,
    meaning: 'File to read the key from instead, such as a Docker secret',
  },
  {
    name: 'WEBHOOK_SECRET_PREVIOUS',
    default: null,
    meaning: 'Key that is accepted too, while senders change over to a new `WEBHOOK_SECRET`',
  },
  {
    name: 'WEBHOOK_SECRET_PREVIOUS_FILE',
    default: null,
    meaning: 'File to read the previous key from instead',
  },
  {
    name: 'API_TOKEN',
    default: null,
    meaning:
      'Bearer token that everything but `/webhook` and `/health/*` asks for; unset: open to all',
  },
  { name: 'API_TOKEN_FILE', default: null, meaning: 'File to read that token from instead' },
  {
    name: 'METRICS_TOKEN',
    default: null,
    meaning: 'Bearer token that `/metrics` asks for instead of `API_TOKEN`',
  },
  { name: 'METRICS_TOKEN_FILE', default: null, meaning: 'File to read that token from instead' },
  {
    name: 'DATABASE_URL',
    default: 'sqlite:///data/app.db',
    meaning: 'Three slashes: relative to the working directory; four: absolute',
  },
  { name: 'LOG_LEVEL', default: 'INFO', meaning: '`DEBUG`, `INFO`, `WARNING` or `ERROR`' },
  {
    name: 'HOST',
    default: '0.0.0.0',
    meaning: 'Address to listen on; an IPv6 address with or without brackets',
  },
  { name: 'PORT', default: '8000', meaning: 'Port to listen on; 0 takes a free one' },
  {
    name: 'BASE_PATH',
    default: '/',
    meaning: 'Prefix under which a reverse proxy serves Oncebox, such as `/inbox`',
  },
  {
    name: 'MAX_BODY_BYTES',
    default: '1048576',
    meaning: 'Longest accepted body of `POST /webhook`',
  },
  {
    name: 'QUEUE_MESSAGES_MAX',
    default: '8192',
    meaning: 'Messages that may wait for the writer; over it posts get 503',
  },
  {
    name: 'CONNECTIONS_MAX',
    default: '4096',
    meaning: 'Connections open at once; over it new ones are closed at once',
  },
  { name: 'READER_THREADS', default: '2', meaning: 'Threads that answer reads, 1 to 16' },
  {
    name: 'RETENTION_DAYS',
    default: null,
    meaning: 'Days after its `ts` for which a message is kept; unset: for ever',
  },
] as const;

type SettingName = (typeof SETTINGS)[number]['name'];
type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

export interface Config {
  /** The keys that webhooks may be signed with. */
  readonly secrets: { readonly current: Buffer; readonly previous: Buffer | null };
  /** The tokens that reads ask for; null where they are open. */
  readonly tokens: { readonly api: string | null; readonly metrics: string | null };
  readonly database: DatabaseLocation;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  /** Prefix of every link, without a slash at its end; empty where there is none. */
  readonly basePath: string;
  readonly bodyBytesMax: number;
  readonly queueMessagesMax: number;
  readonly connectionsMax: number;
  readonly readerThreads: number;
  /** Messages older than this many days are removed; null keeps all. */
  readonly retentionDays: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads every setting. An empty variable counts as absent, as compose passes unset ones.
 * Throws ConfigError for the first one that cannot be used. The secret is never part of a message.
 */
export function readConfig(env: Environment = process.env): Config {
  return Object.freeze({
    secrets: {
      current: readSigningKey(env),
      previous: readSecret(env, 'WEBHOOK_SECRET_PREVIOUS'),
    },
    tokens: { api: readToken(env, 'API_TOKEN'), metrics: readToken(env, 'METRICS_TOKEN') },
    database: readDatabase(env),
    logLevel: readLogLevel(setting(env, 'LOG_LEVEL')),
    host: readHost(setting(env, 'HOST')),
    port: readInteger(env, 'PORT', 0, 65_535),
    basePath: readBasePath(setting(env, 'BASE_PATH')),
    bodyBytesMax: readInteger(env, 'MAX_BODY_BYTES', 1, 64 * 1_048_576),
    queueMessagesMax: readInteger(env, 'QUEUE_MESSAGES_MAX', 1, 1_000_000),
    connectionsMax: readInteger(env, 'CONNECTIONS_MAX', 1, 1_000_000),
    readerThreads: readInteger(env, 'READER_THREADS', 1, Math.max(16, availableParallelism())),
    retentionDays:
      setting(env, 'RETENTION_DAYS') === '' ? null : readInteger(env, 'RETENTION_DAYS', 1, 36_500),
  });
}

/** A setting for people: its value, masked where it is secret, and where it comes from. */
interface DescribedSetting {
  readonly name: SettingName;
  readonly value: string | null;
  readonly source: 'environment' | 'default' | 'unset';
}

/** Every setting with its value, usable or not. Of a secret it says only that it is set, not even how long it is. */
export function describeSettings(env: Environment = process.env): DescribedSetting[] {
  return SETTINGS.map(({ name, default: value }) => {
    const set = env[name] ?? '';
    if (set !== '')
      return { name, value: SECRET_NAMES.includes(name) ? '********' : set, source: 'environment' };
    return { name, value, source: value === null ? 'unset' : 'default' };
  });
}

/** The key that webhooks are signed with. Throws ConfigError where there is none that can be used. */
export function readSigningKey(env: Environment = process.env): Buffer {
  return required('WEBHOOK_SECRET', readSecret(env, 'WEBHOOK_SECRET'));
}

function setting(env: Environment, name: SettingName): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  return SETTINGS.find((entry) => entry.name === name)?.default ?? '';
}

/** The database that DATABASE_URL names: one scheme for each engine. Throws ConfigError, which repeats only the scheme. */
export function readDatabase(env: Environment = process.env): DatabaseLocation {
  const url = setting(env, 'DATABASE_URL');
  const [scheme] = /^[a-z][a-z0-9+.-]{0,31}(?=:)/i.exec(url) ?? [];
  if (scheme === 'sqlite') return { engine: 'sqlite', path: readSqlitePath(url) };
  const found = scheme === undefined ? '' : `; ${scheme}: is not supported`;
  throw new ConfigError(`${SQLITE_FORM}${found}`);
}

const SQLITE_PREFIX = 'sqlite:///';
const SQLITE_FORM =
  'DATABASE_URL must start with sqlite:/// (relative path) or sqlite://// (absolute path)';

/** SQLAlchemy's reading of a URL: what follows the third slash is the path, so a fourth makes it absolute. Throws ConfigError. */
function readSqlitePath(url: string): string {
  if (!url.startsWith(SQLITE_PREFIX)) throw new ConfigError(SQLITE_FORM);
  const path = url.slice(SQLITE_PREFIX.length);
  if (path === '' || path === ':memory:') {
    throw new ConfigError(
      'DATABASE_URL names no file: a database in memory would lose what was acknowledged',
    );
  }
  if (path.includes('?') || path.includes('\0')) {
    throw new ConfigError('DATABASE_URL must be a plain path after sqlite:///, without parameters');
  }
  return resolve(path);
}

/** An IPv6 address may stand in brackets, as it does in a URL. */
function readHost(value: string): string {
  if (!value.startsWith('[')) return value;
  const address = value.slice(1, -1);
  if (value.endsWith(']') && isIPv6(address)) return address;
  throw new ConfigError(
    `HOST must hold an IPv6 address where it has brackets, such as [::1], not ${JSON.stringify(value.slice(0, 64))}`,
  );
}

function readLogLevel(value: string): LogLevel {
  if (value === 'DEBUG' || value === 'INFO' || value === 'WARNING' || value === 'ERROR')
    return value;
  throw new ConfigError(
    `LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not ${JSON.stringify(value.slice(0, 64))}`,
  );
}

function readInteger(env: Environment, name: SettingName, min: number, max: number): number {
  const value = setting(env, name);
  const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new ConfigError(
    `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value.slice(0, 64))}`,
  );
}
