// The settings as they are shown to people.
import { HIDDEN, withoutValues } from '../model/shown-url.ts';
import { ENVIRONMENT, type Environment } from './environment.ts';
import { FORWARD_PREFIX, isSecretOfForward } from './forwards.ts';
import { variablesWith } from './named.ts';
import { maskedPostgresUrl } from './postgres-url.ts';
import { SECRET_NAMES } from './secrets.ts';
import { SETTINGS } from './settings.ts';
import { SOURCE_PREFIX, isSecretOfSource } from './sources.ts';

/** A setting for people: its value, masked where it is secret, and where it comes from. */
interface DescribedSetting {
  readonly name: string;
  readonly value: string | null;
  readonly source: 'environment' | 'default' | 'unset';
}

/**
 * Every setting with its value, usable or not, then those of named sources and destinations that are set. Of a secret it says only that it is set, not
 * even how long it is.
 */
export function describeSettings(environment: Environment = ENVIRONMENT): DescribedSetting[] {
  const listed = SETTINGS.map(({ name, default: value }): DescribedSetting => {
    const set = environment[name] ?? '';
    if (set !== '') return { name, value: shown(name, set), source: 'environment' };
    return { name, value, source: value === null ? 'unset' : 'default' };
  });
  return [
    ...listed,
    ...describeNamed(environment, SOURCE_PREFIX, isSecretOfSource),
    ...describeNamed(environment, FORWARD_PREFIX, isSecretOfForward),
  ];
}

/** Those that are set of the settings with a prefix. */
function describeNamed(
  environment: Environment,
  prefix: string,
  isSecret: (variable: string) => boolean,
): DescribedSetting[] {
  return variablesWith(environment, [`${prefix}_`])
    .toSorted()
    .map((name) => ({
      name,
      value: isSecret(name) ? HIDDEN : shownOfNamed(name, environment[name] ?? ''),
      source: 'environment',
    }));
}

/** A URL of another scheme than sqlite: is shown only where it is clear which part of it is the password. */
function shown(name: string, value: string): string {
  if (name === 'DATABASE_URL' && !value.startsWith('sqlite:'))
    return maskedPostgresUrl(value) ?? HIDDEN;
  return SECRET_NAMES.includes(name) ? HIDDEN : value;
}

/** A URL may have a user and a password in it, and a token in its query. Of what is none it is not clear where they are. */
function shownOfNamed(name: string, value: string): string {
  if (!name.endsWith('_URL')) return value;
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return HIDDEN;
  return withoutValues(value.replace(/\/\/[^/?#]*@/, `//${HIDDEN}@`));
}
