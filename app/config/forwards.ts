// FORWARDS, and the settings of each destination: FORWARD_<NAME>_<SETTING>.
import {
  FORWARD_MODES,
  FORWARD_ORDERS,
  FORWARD_STARTS,
  type ForwardMode,
  type ForwardSettings,
} from '../model/forward.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';
import { schemeOf } from '../sources/registry.ts';
import { UnusableSetting } from '../sources/scheme.ts';
import { ConfigError } from './config-error.ts';
import { decoded } from './percent-encoding.ts';
import type { Environment } from './environment.ts';
import { readNamed, variableOf } from './named.ts';
import { nearestName } from './nearest.ts';
import { readSecret, variableOfSecret } from './secrets.ts';
import { setting } from './settings.ts';
import { wholeNumber } from './whole-number.ts';

export const FORWARD_PREFIX = 'FORWARD';
/** Each has requests of its own in flight, and a read of the database each second. */
const FORWARDS_MAX = 16;
/** It would be a path of the API itself. */
const RESERVED: readonly string[] = ['attempts'];
const SHOWN_UNITS_MAX = 64;
/** `message`, or a kind of message or a type of event, with `*` for the rest of it. */
const TYPE_PATTERN = /^(?:message|(?:message|event)\.(?:[^*\s]+\*?|\*))$/;

/** Each setting that a destination may have, by the end of its variable, with its default; null where it has none. */
export const FORWARD_DEFAULTS = {
  URL: null,
  SECRET: null,
  SECRET_FILE: null,
  SECRET_PREVIOUS: null,
  SECRET_PREVIOUS_FILE: null,
  MODE: 'item',
  SOURCES: null,
  TYPES: null,
  START: 'now',
  ORDER: 'sender',
  CONCURRENCY: '8',
  TIMEOUT_MS: '15000',
  RATE_PER_SECOND: null,
  RETRY_HOURS: '72',
} as const satisfies Readonly<Record<string, string | null>>;
type Setting = keyof typeof FORWARD_DEFAULTS;

const SETTINGS = Object.keys(FORWARD_DEFAULTS) as Setting[];

/** One setting of a destination: its variable, and its value, or its default. */
interface Value {
  readonly variable: string;
  /** Empty where it has neither. */
  readonly text: string;
}

/** Returns the destinations, in the order of FORWARDS. `sources`: names of those in SOURCES. Throws ConfigError for the first setting that cannot be used. */
export function readForwards(
  env: Environment,
  sources: readonly string[],
): readonly ForwardSettings[] {
  const list = setting(env, 'FORWARDS');
  const names = list === '' ? [] : list.split(',').map((name) => name.trim());
  if (names.length > FORWARDS_MAX)
    throw new ConfigError(`FORWARDS must name at most ${FORWARDS_MAX} destinations`);
  const reserved = names.find((name) => RESERVED.includes(name));
  if (reserved !== undefined)
    throw new ConfigError(`FORWARDS: ${reserved} is a path of the API: choose another name`);
  const groups = readNamed(env, {
    prefix: FORWARD_PREFIX,
    list: 'FORWARDS',
    names,
    settings: SETTINGS,
  });
  return [...groups].map(([name, group]) =>
    readForward(env, name, sources, (end) => ({
      variable: variableOf(FORWARD_PREFIX, name, end),
      text: group[end] ?? FORWARD_DEFAULTS[end] ?? '',
    })),
  );
}

/** Returns whether the value of `FORWARD_<NAME>_<SETTING>` must not be shown. That of an unknown setting may be a misspelt secret. */
export function isSecretOfForward(variable: string): boolean {
  const plain = SETTINGS.filter((end) => end !== 'SECRET' && end !== 'SECRET_PREVIOUS');
  return !plain.some((end) => variable.endsWith(`_${end}`));
}

function readForward(
  env: Environment,
  name: string,
  sources: readonly string[],
  value: (end: Setting) => Value,
): ForwardSettings {
  const mode = readChoice(value('MODE'), FORWARD_MODES);
  const rate = value('RATE_PER_SECOND');
  return {
    name,
    mode,
    url: readUrl(value('URL')),
    keys: readKeys(env, mode, value),
    sources: readSourcesOf(value('SOURCES'), mode, sources),
    types: readTypes(value('TYPES'), mode),
    start: readChoice(value('START'), FORWARD_STARTS),
    order: readChoice(value('ORDER'), FORWARD_ORDERS),
    concurrency: readNumber(value('CONCURRENCY'), 1, 256),
    timeoutMs: readNumber(value('TIMEOUT_MS'), 100, 300_000),
    ratePerSecond: rate.text === '' ? null : readNumber(rate, 1, 1_000_000),
    retryHours: readNumber(value('RETRY_HOURS'), 0, 8_760),
  };
}

/** The URL may hold a password: it is never part of a message. */
function readUrl({ variable, text }: Value): string {
  if (text === '')
    throw new ConfigError(`${variable} is not set: it is where the destination gets its requests`);
  if (!URL.canParse(text) || !/^https?:\/\//i.test(text))
    throw new ConfigError(
      `${variable} must be a URL that begins with http:// or https://, such as http://localhost:3000/inbox`,
    );
  const { username, password } = new URL(text);
  decoded(variable, username + password);
  if (text.includes('#'))
    throw new ConfigError(`${variable} must have no # in it: what follows would not be sent`);
  return text;
}

function readKeys(
  env: Environment,
  mode: ForwardMode,
  value: (end: Setting) => Value,
): ForwardSettings['keys'] {
  const key = (end: 'SECRET' | 'SECRET_PREVIOUS'): Buffer | null => {
    const { variable } = value(end);
    const secret = readSecret(env, variable);
    try {
      return secret && schemeOf('standard').key(secret);
    } catch (error) {
      if (!(error instanceof UnusableSetting)) throw error;
      throw new ConfigError(`${variableOfSecret(env, variable)} ${error.message}`);
    }
  };
  const current = key('SECRET');
  const previous = key('SECRET_PREVIOUS');
  const { variable } = value('SECRET');
  if (current === null) {
    if (mode === 'item')
      throw new ConfigError(
        `${variable} is not set: it is the key that requests are signed with, whsec_ and 24 to 64 bytes in base64`,
      );
    if (previous !== null)
      throw new ConfigError(`${value('SECRET_PREVIOUS').variable} is set, and ${variable} is not`);
    return null;
  }
  if (previous?.equals(current) === true)
    throw new ConfigError(
      `${value('SECRET_PREVIOUS').variable} is the same key as ${variable}: set it to the one before, or unset it`,
    );
  return { current, previous };
}

function readSourcesOf(
  { variable, text }: Value,
  mode: ForwardMode,
  configured: readonly string[],
): readonly string[] | null {
  if (mode === 'raw' && configured.length === 0)
    throw new ConfigError(
      `${variable}: there is nothing to forward as it came, as SOURCES names no source`,
    );
  if (text === '') return null;
  const known = [DEFAULT_SOURCE, ...configured];
  const names = listed(text);
  for (const name of names) {
    if (name === DEFAULT_SOURCE && mode === 'raw')
      throw new ConfigError(
        `${variable}: of the source ${DEFAULT_SOURCE} no deliveries are kept, so they cannot be forwarded as they came`,
      );
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known)?.name ?? DEFAULT_SOURCE;
    throw new ConfigError(`${variable}: ${shown(name)} is not a source: did you mean ${nearest}?`);
  }
  return names;
}

function readTypes({ variable, text }: Value, mode: ForwardMode): readonly string[] | null {
  if (text === '') return null;
  if (mode === 'raw')
    throw new ConfigError(
      `${variable} is for the mode item: a delivery may hold items of many types`,
    );
  const types = listed(text);
  const wrong = types.find((type) => !TYPE_PATTERN.test(type));
  if (wrong === undefined) return types;
  throw new ConfigError(
    `${variable}: ${shown(wrong)} is no type: there are message, message.<kind> and event.<type>, with * at the end for all that begin so`,
  );
}

function readChoice<Choice extends string>(
  { variable, text }: Value,
  choices: readonly Choice[],
): Choice {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new ConfigError(`${variable} must be one of ${choices.join(', ')}, not ${shown(text)}`);
}

function readNumber({ variable, text }: Value, min: number, max: number): number {
  return wholeNumber(variable, text, min, max);
}

function listed(text: string): readonly string[] {
  return [...new Set(text.split(',').map((part) => part.trim()))];
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_UNITS_MAX));
}
