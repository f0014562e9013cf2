// Where the service listens, what it logs, and its limits.
import { isIPv6 } from 'node:net';
import { availableParallelism } from 'node:os';
import { readBasePath } from './base-path.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { wholeNumber } from './whole-number.ts';
import { type SettingName, setting } from './settings.ts';

/** The most that MAX_BODY_BYTES, and that of a source, may be. */
export const BODY_BYTES_LIMIT = 64 * 1_048_576;

type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

export interface CoreConfig {
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

/** Throws ConfigError for the first setting that cannot be used. */
export function readCore(env: Environment): CoreConfig {
  return {
    logLevel: readLogLevel(setting(env, 'LOG_LEVEL')),
    host: readHost(setting(env, 'HOST')),
    port: readInteger(env, 'PORT', 0, 65_535),
    basePath: readBasePath(setting(env, 'BASE_PATH')),
    bodyBytesMax: readInteger(env, 'MAX_BODY_BYTES', 1, BODY_BYTES_LIMIT),
    queueMessagesMax: readInteger(env, 'QUEUE_MESSAGES_MAX', 1, 1_000_000),
    connectionsMax: readInteger(env, 'CONNECTIONS_MAX', 1, 1_000_000),
    readerThreads: readInteger(env, 'READER_THREADS', 1, Math.max(16, availableParallelism())),
    retentionDays:
      setting(env, 'RETENTION_DAYS') === '' ? null : readInteger(env, 'RETENTION_DAYS', 1, 36_500),
  };
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

/** Throws ConfigError for what is not a whole number from `min` to `max`. */
function readInteger(env: Environment, name: SettingName, min: number, max: number): number {
  return wholeNumber(name, setting(env, name), min, max);
}
