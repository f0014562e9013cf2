// Variables that are kept for settings of later versions.
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { variablesWith } from './named.ts';

const PREFIXES = ['FORWARD_', 'FORWARDS'];

/** Throws ConfigError where one is set: an operator who sets it for another version must not think that it works. */
export function refuseReserved(env: Environment): void {
  const [variable] = variablesWith(env, PREFIXES);
  if (variable === undefined) return;
  throw new ConfigError(
    `${variable} is set, but this version of Oncebox has no such setting: ` +
      'it does not forward. Unset it, or run the version that it is meant for',
  );
}
