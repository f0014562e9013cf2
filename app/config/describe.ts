// The settings as they are shown to people.
import { ENVIRONMENT, type Environment } from './environment.ts';
import { maskedPostgresUrl } from './postgres-url.ts';
import { SECRET_NAMES } from './secrets.ts';
import { SETTINGS, type SettingName } from './settings.ts';

/** A setting for people: its value, masked where it is secret, and where it comes from. */
interface DescribedSetting {
  readonly name: SettingName;
  readonly value: string | null;
  readonly source: 'environment' | 'default' | 'unset';
}

/** Every setting with its value, usable or not. Of a secret it says only that it is set, not even how long it is. */
export function describeSettings(environment: Environment = ENVIRONMENT): DescribedSetting[] {
  return SETTINGS.map(({ name, default: value }) => {
    const set = environment[name] ?? '';
    if (set !== '') return { name, value: shown(name, set), source: 'environment' };
    return { name, value, source: value === null ? 'unset' : 'default' };
  });
}

/** Stands for what is not shown. */
const MASK = '********';

/** A URL of another scheme than sqlite: is shown only where it is clear which part of it is the password. */
function shown(name: SettingName, value: string): string {
  if (name === 'DATABASE_URL' && !value.startsWith('sqlite:'))
    return maskedPostgresUrl(value) ?? MASK;
  return SECRET_NAMES.includes(name) ? MASK : value;
}
