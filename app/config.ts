// The environment, read once into a frozen Config; what does not fit is named with its reason.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

/** Every setting: the README's table is held against this list by a test. */
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
    name: 'DATABASE_URL',
    default: 'sqlite:///data/app.db',
    meaning: 'Three slashes: relative to the working directory; four: absolute',
  },
  { name: 'LOG_LEVEL', default: 'INFO', meaning: '`DEBUG`, `INFO`, `WARNING` or `ERROR`' },
  { name: 'HOST', default: '0.0.0.0', meaning: 'Address to listen on' },
  { name: 'PORT', default: '8000', meaning: 'Port to listen on; 0 takes a free one' },
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
  { name: 'READER_THREADS', default: '2', meaning: 'Threads that answer reads, 1 to 16' },
] as const;

type SettingName = (typeof SETTINGS)[number]['name'];
type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

export interface Config {
  readonly secret: Buffer;
  readonly databasePath: string;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  readonly bodyBytesMax: number;
  readonly queueMessagesMax: number;
  readonly readerThreads: number;
}

/** A setting that cannot be used: `message` names the variable and says why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads every setting. An empty variable counts as absent, as compose passes unset ones.
 * Throws ConfigError for the first one that cannot be used. The secret is never part of a message.
 */
export function readConfig(env: Environment = process.env): Config {
  return Object.freeze({
    secret: readSecret(env),
    databasePath: readDatabasePath(setting(env, 'DATABASE_URL')),
    logLevel: readLogLevel(setting(env, 'LOG_LEVEL')),
    host: setting(env, 'HOST'),
    port: readInteger(env, 'PORT', 0, 65_535),
    bodyBytesMax: readInteger(env, 'MAX_BODY_BYTES', 1, 64 * 1_048_576),
    queueMessagesMax: readInteger(env, 'QUEUE_MESSAGES_MAX', 1, 1_000_000),
    readerThreads: readInteger(env, 'READER_THREADS', 1, Math.max(16, availableParallelism())),
  });
}

function setting(env: Environment, name: SettingName): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  return SETTINGS.find((entry) => entry.name === name)?.default ?? '';
}

function readSecret(env: Environment): Buffer {
  const inline = env['WEBHOOK_SECRET'] ?? '';
  const file = env['WEBHOOK_SECRET_FILE'] ?? '';
  if (inline !== '' && file !== '') {
    throw new ConfigError('WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set: set one of them');
  }
  if (file === '') return usableSecret('WEBHOOK_SECRET', inline);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ConfigError(`WEBHOOK_SECRET_FILE: ${file} cannot be read (${code})`);
  }
  // Editors and `echo` end a file with a line feed that nobody means to be part of the key.
  return usableSecret('WEBHOOK_SECRET_FILE', text.replace(/\r?\n$/, ''));
}

function usableSecret(name: SettingName, secret: string): Buffer {
  if (secret === '')
    throw new ConfigError(`${name} is not set: it is the key that webhooks are signed with`);
  if (secret.trim() === '')
    throw new ConfigError(`${name} is blank: it must hold at least one visible character`);
  return Buffer.from(secret, 'utf8');
}

/** SQLAlchemy's reading of a URL: what follows the third slash is the path, so a fourth makes it absolute. */
function readDatabasePath(url: string): string {
  const prefix = 'sqlite:///';
  if (!url.startsWith(prefix)) {
    throw new ConfigError(
      'DATABASE_URL must start with sqlite:/// (relative path) or sqlite://// (absolute path)',
    );
  }
  const path = url.slice(prefix.length);
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
