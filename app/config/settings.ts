// The list of all settings, and how one of them is read from the environment.
import type { Environment } from './environment.ts';

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
    name: 'SOURCES',
    default: null,
    meaning: 'Named sources, such as `whatsapp:meta,billing:stripe`; each has settings of its own',
  },
  {
    name: 'FORWARDS',
    default: null,
    meaning:
      'Destinations that stored items are forwarded to, such as `app,audit`; each has settings of its own',
  },
  {
    name: 'DATABASE_URL',
    default: 'sqlite:///data/app.db',
    meaning:
      'Three slashes: relative to the working directory; four: absolute. Or a `postgres://` URL',
  },
  {
    name: 'DATABASE_URL_FILE',
    default: null,
    meaning: 'File to read that URL from instead, as it may hold a password',
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
  {
    name: 'READER_THREADS',
    default: '2',
    meaning:
      'Threads that answer reads, 1 to 16, or to the number of processors where there are more',
  },
  {
    name: 'RETENTION_DAYS',
    default: null,
    meaning: 'Days after its `ts` for which a message is kept; unset: for ever',
  },
] as const;

export type SettingName = (typeof SETTINGS)[number]['name'];

/** The value of a setting, or its default; empty where it has neither. An empty variable counts as absent. */
export function setting(env: Environment, name: SettingName): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  return SETTINGS.find((entry) => entry.name === name)?.default ?? '';
}
