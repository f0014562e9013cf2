// A whole number of a setting, within its bounds.
import { ConfigError } from './config-error.ts';

/** Returns the number that the variable `name` holds. Throws ConfigError for what is not a whole number from `min` to `max`. */
export function wholeNumber(name: string, value: string, min: number, max: number): number {
  const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new ConfigError(
    `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value.slice(0, 64))}`,
  );
}
