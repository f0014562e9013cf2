// Options and help that several commands share.
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { readDatabase, readDatabaseUrl } from '../config/database.ts';
import type { DatabaseLocation } from '../model/database.ts';
import { type Instant, parseInstant } from '../model/instant.ts';
import type { Depth, StoreAdmin } from '../storage/admin.ts';
import { openAdmin } from '../storage/open.ts';
import { CommandError, EXIT } from './exit.ts';
import { FORMATS } from './transfer/format.ts';

/** Adds `--json`, which the program reads before the command runs. */
export function withJson(command: Command): Command {
  return command.option('--json', 'write the result as one line of JSON');
}

/** Adds `--database`; the action opens it with `adminOf`. */
export function withDatabase(command: Command): Command {
  return command.option(
    '-d, --database <database>',
    'the database, a file or a URL, instead of DATABASE_URL',
  );
}

/** Returns the maintenance of the database: of `--database`, else of DATABASE_URL. Rejects with ConfigError. */
export async function adminOf({ database }: { readonly database?: string }): Promise<StoreAdmin> {
  return openAdmin(database === undefined ? readDatabase() : locationOf('--database', database));
}

/** Returns the database that an option names: a path, or a URL as DATABASE_URL has it. Throws CommandError. */
export function locationOf(option: string, value: string): DatabaseLocation {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return { engine: 'sqlite', path: resolve(value) };
  try {
    return readDatabaseUrl(option, value);
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message, EXIT.usage);
    throw error;
  }
}

/** The option `--check` of commands that check a copy. */
export function depthOption(description: string, byDefault: Depth): Option {
  const depths: readonly Depth[] = ['quick', 'full'];
  return new Option('--check <depth>', description).choices(depths).default(byDefault);
}

/** The option `--format` of export and import. */
export function formatOption(): Option {
  return new Option('--format <format>', 'default: by the extension of the file').choices(FORMATS);
}

/** Adds examples under the help. Each is a command line without `oncebox`, and what it does. */
export function withExamples(
  command: Command,
  ...examples: readonly (readonly [line: string, does: string])[]
): Command {
  const lines = examples.map(([line, does]) => `  oncebox ${line}\n      ${does}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Parses an instant, such as the `ts` of a message. */
export function instant(value: string): Instant {
  const parsed = parseInstant(value);
  if (parsed !== null) return parsed;
  throw new InvalidArgumentError('It must be an instant in UTC such as 2025-01-15T10:00:00Z.');
}

/** Parses a URL that can be posted to. */
export function httpUrl(value: string): string {
  const protocol = URL.parse(value)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return value;
  throw new InvalidArgumentError('It must be a URL that begins with http:// or https://.');
}

/** Parses the value of a header. */
export function headerValue(value: string): string {
  if (/^[\x20-\x7e]+$/.test(value) && value.trim() !== '') return value;
  throw new InvalidArgumentError('It must be printable ASCII, and not empty.');
}

/** Makes a parser for a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
