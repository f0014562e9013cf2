// Settings of things that have names: PREFIX_<NAME>_<SETTING>, such as SOURCE_SHOP_SECRET for the source `shop`.
import { SOURCE_NAME } from '../model/source.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { nearestName } from './nearest.ts';

/** Variables of other programs that begin with a prefix of ours: set by tools of reproducible builds. */
const FOREIGN: readonly string[] = ['SOURCE_DATE_EPOCH'];

export interface NamedSettings<Setting extends string> {
  /** What the variables begin with, without the underscore after it. */
  readonly prefix: string;
  /** The variable that lists the names. */
  readonly list: string;
  /** The configured names. */
  readonly names: readonly string[];
  readonly settings: readonly Setting[];
}

/**
 * Reads the settings of each name: those that are set. An empty variable counts as absent. Throws ConfigError for a name
 * that cannot be used, and for a variable with the prefix that is no setting of any name. Values are never part of a message.
 */
export function readNamed<Setting extends string>(
  env: Environment,
  { prefix, list, names, settings }: NamedSettings<Setting>,
): Map<string, Partial<Record<Setting, string>>> {
  const groups = new Map<string, Partial<Record<Setting, string>>>();
  const known = new Set<string>();
  for (const name of names) {
    if (!SOURCE_NAME.test(name))
      throw new ConfigError(
        `${list}: ${JSON.stringify(name.slice(0, 64))} is not a name: it must be lower-case letters, digits and -, ` +
          'begin with a letter and have at most 32 characters',
      );
    if (groups.has(name)) throw new ConfigError(`${list}: the name ${name} is there twice`);
    const group: Partial<Record<Setting, string>> = {};
    for (const setting of settings) {
      const variable = variableOf(prefix, name, setting);
      if (known.has(variable))
        throw new ConfigError(`${variable} would belong to two names: rename ${name}`);
      known.add(variable);
      const value = env[variable] ?? '';
      if (value !== '') group[setting] = value;
    }
    groups.set(name, group);
  }
  const unknown = variablesWith(env, [`${prefix}_`]).find((variable) => !known.has(variable));
  if (unknown === undefined) return groups;
  const nearest = nearestName(unknown, known);
  throw new ConfigError(
    `${unknown} is not a setting: ${nearest === null ? 'no names are configured' : `did you mean ${nearest.name}?`}`,
  );
}

/** Returns the variable of a setting of a name: upper-cased, with `_` for `-`. */
export function variableOf(prefix: string, name: string, setting: string): string {
  return `${prefix}_${name.toUpperCase().replaceAll('-', '_')}_${setting}`;
}

/** Returns the variables that are set and begin with one of the prefixes, but for those of other programs. */
export function variablesWith(env: Environment, prefixes: readonly string[]): string[] {
  return Object.keys(env).filter(
    (variable) =>
      (env[variable] ?? '') !== '' &&
      !FOREIGN.includes(variable) &&
      prefixes.some((prefix) => variable.startsWith(prefix)),
  );
}
