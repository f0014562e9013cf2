// Variables that look like a setting with a spelling mistake.
import { ENVIRONMENT } from './environment.ts';
import { nearestName } from './nearest.ts';
import { SETTINGS, type SettingName } from './settings.ts';

/** Shorter names, such as HOST and PORT, are near to many variables of other programs. */
const LENGTH_MIN = 8;
const DISTANCE_MAX = 2;

interface Misspelt {
  readonly name: string;
  readonly meant: SettingName;
}

/**
 * Returns the variables that are set and nearly have the name of a setting. They are warned about and never refused: the
 * environment belongs to other programs too, whose API_TOKENS or LOGLEVEL must not stop the start.
 */
export function misspeltSettings(): Misspelt[] {
  const names = SETTINGS.map(({ name }) => name);
  const long = names.filter((name) => name.length >= LENGTH_MIN);
  return Object.keys(ENVIRONMENT).flatMap((name) => {
    if ((ENVIRONMENT[name] ?? '') === '' || names.some((known) => known === name)) return [];
    const nearest = name.length < LENGTH_MIN ? null : nearestName(name, long);
    return nearest === null || nearest.distance > DISTANCE_MAX
      ? []
      : [{ name, meant: nearest.name }];
  });
}
