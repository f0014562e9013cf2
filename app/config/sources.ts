// SOURCES, and the settings of each source: SOURCE_<NAME>_<SETTING>.
import { DEFAULT_SOURCE, SCHEMES, type SchemeName } from '../model/source.ts';
import { schemeOf } from '../sources/registry.ts';
import { type Keys, type Scheme, type Source, UnusableSetting } from '../sources/scheme.ts';
import { ConfigError } from './config-error.ts';
import { BODY_BYTES_LIMIT } from './core.ts';
import type { Environment } from './environment.ts';
import { readNamed, variableOf } from './named.ts';
import { nearestName } from './nearest.ts';
import { readSecret, variableOfSecret } from './secrets.ts';
import { setting } from './settings.ts';
import { wholeNumber } from './whole-number.ts';

export const SOURCE_PREFIX = 'SOURCE';
/** A post that fits the key of none is tried with those of all, for the hint in the log. */
const SOURCES_MAX = 64;
const BODY_BYTES_MAX_DEFAULT = 4 * 1_048_576;
/** A scheme that is spelt worse than this is not guessed. */
const SCHEME_DISTANCE_MAX = 2;

/** The settings that the sources of every scheme have. */
const SHARED = ['SECRET', 'SECRET_PREVIOUS'].flatMap(orFile).concat('MAX_BODY_BYTES');

/** Each setting that a source may have, by the end of its variable, and the schemes that have it. */
export const SOURCE_SETTINGS: ReadonlyMap<string, readonly SchemeName[]> = new Map(
  SCHEMES.flatMap((scheme) => settingsOf(schemeOf(scheme))).map((name) => [
    name,
    SCHEMES.filter((scheme) => settingsOf(schemeOf(scheme)).includes(name)),
  ]),
);

/** Returns the sources, in the order of SOURCES. Throws ConfigError for the first setting that cannot be used. */
export function readSources(env: Environment): readonly Source[] {
  const schemes = readList(setting(env, 'SOURCES'));
  const groups = readNamed(env, {
    prefix: SOURCE_PREFIX,
    list: 'SOURCES',
    names: schemes.map(([name]) => name),
    settings: [...SOURCE_SETTINGS.keys()],
  });
  return schemes.map(([name, scheme]) =>
    readSource(env, name, schemeNamed(scheme), Object.keys(groups.get(name) ?? {})),
  );
}

/** Returns the names of the sources, without their settings. Throws ConfigError where SOURCES cannot be read. */
export function readSourceNames(env: Environment): readonly string[] {
  return readList(setting(env, 'SOURCES')).map(([name]) => name);
}

/** Returns whether the value of `SOURCE_<NAME>_<SETTING>` must not be shown. That of an unknown setting may be a misspelt secret. */
export function isSecretOfSource(variable: string): boolean {
  const shown = SCHEMES.flatMap((scheme) => schemeOf(scheme).settings)
    .flatMap(({ name, secret }) => (secret ? [`${name}_FILE`] : [name]))
    .concat('MAX_BODY_BYTES', 'SECRET_FILE', 'SECRET_PREVIOUS_FILE');
  return !shown.some((name) => variable.endsWith(`_${name}`));
}

/** Returns the pairs of SOURCES. The names are not checked yet, but for those that no source can have. */
function readList(value: string): readonly (readonly [name: string, scheme: string])[] {
  if (value === '') return [];
  const entries = value.split(',').map((entry) => entry.trim());
  if (entries.length > SOURCES_MAX)
    throw new ConfigError(`SOURCES must name at most ${SOURCES_MAX} sources`);
  return entries.map((entry) => {
    const [name = '', scheme, ...more] = entry.split(':');
    if (name === DEFAULT_SOURCE)
      throw new ConfigError(
        `SOURCES: ${DEFAULT_SOURCE} is the source of POST /webhook, and is always there: choose another name`,
      );
    if (scheme === undefined || more.length > 0)
      throw new ConfigError(
        `SOURCES must be a list such as whatsapp:meta,billing:stripe, and ${JSON.stringify(entry.slice(0, 64))} ` +
          'is not a name, a colon and a scheme',
      );
    return [name, scheme];
  });
}

/** Throws ConfigError for what is not a scheme. */
function schemeNamed(name: string): Scheme {
  const known = SCHEMES.find((scheme) => scheme === name);
  if (known !== undefined) return schemeOf(known);
  const nearest = nearestName(name, SCHEMES);
  const meant =
    nearest !== null && nearest.distance <= SCHEME_DISTANCE_MAX
      ? `did you mean ${nearest.name}?`
      : `there are ${SCHEMES.join(', ')}`;
  throw new ConfigError(`SOURCES: ${JSON.stringify(name.slice(0, 64))} is not a scheme: ${meant}`);
}

/** `set`: the settings of the source that are set. Throws ConfigError. */
function readSource(
  env: Environment,
  name: string,
  scheme: Scheme,
  set: readonly string[],
): Source {
  const variable = (end: string): string => variableOf(SOURCE_PREFIX, name, end);
  refuseForeign(scheme, set, variable);
  try {
    const keys = readKeys(env, scheme, variable);
    const settings = Object.fromEntries(
      scheme.settings.map((entry) => {
        const value = entry.secret
          ? readSecret(env, variable(entry.name))?.toString('utf8')
          : env[variable(entry.name)] || undefined;
        if (value === undefined && entry.required)
          throw new ConfigError(
            `${variable(entry.name)} is not set: a source of the scheme ${scheme.name} needs it`,
          );
        return [entry.name, value];
      }),
    );
    const bytes = env[variable('MAX_BODY_BYTES')] || String(BODY_BYTES_MAX_DEFAULT);
    const bodyBytesMax = wholeNumber(variable('MAX_BODY_BYTES'), bytes, 1, BODY_BYTES_LIMIT);
    return {
      name,
      scheme: scheme.name,
      bodyBytesMax,
      receiver: scheme.receiver(name, keys, settings, bodyBytesMax),
      hasPrevious: keys.previous !== null,
    };
  } catch (error) {
    if (!(error instanceof UnusableSetting)) throw error;
    throw new ConfigError(`${variableOfSecret(env, variable(error.setting))} ${error.message}`);
  }
}

/** Throws ConfigError for a setting that other schemes have: it would have no effect. */
function refuseForeign(
  scheme: Scheme,
  set: readonly string[],
  variable: (end: string) => string,
): void {
  const foreign = set.find((name) => !settingsOf(scheme).includes(name));
  if (foreign === undefined) return;
  const owners = SOURCE_SETTINGS.get(foreign) ?? [];
  const whose = owners.length === 1 ? `scheme ${owners.join()}` : `schemes ${owners.join(', ')}`;
  throw new ConfigError(
    `${variable(foreign)} is for the ${whose}, and this source has the scheme ${scheme.name}`,
  );
}

/** Throws ConfigError, or UnusableSetting. */
function readKeys(env: Environment, scheme: Scheme, variable: (end: string) => string): Keys {
  const key = (name: string): Buffer | null => {
    const secret = readSecret(env, variable(name));
    try {
      return secret && scheme.key(secret);
    } catch (error) {
      // A scheme knows one kind of secret, and not which of the two it was given.
      if (error instanceof UnusableSetting) throw new UnusableSetting(name, error.message);
      throw error;
    }
  };
  const current = key('SECRET');
  const previous = key('SECRET_PREVIOUS');
  if (current === null)
    throw new UnusableSetting('SECRET', 'is not set: it is the key that its posts are signed with');
  if (previous?.equals(current) === true)
    throw new UnusableSetting(
      'SECRET_PREVIOUS',
      `is the same key as ${variable('SECRET')}: set it to the one before, or unset it`,
    );
  return { current, previous };
}

/** Returns the ends of the variables that a source of this scheme may have. */
function settingsOf({ settings }: Scheme): readonly string[] {
  return [...SHARED, ...settings.flatMap(({ name, secret }) => (secret ? orFile(name) : [name]))];
}

function orFile(name: string): readonly string[] {
  return [name, `${name}_FILE`];
}
