// The setting of how far a signed time may be from that of arrival.
import { type SchemeSetting, type SourceSettings, UnusableSetting } from './scheme.ts';

const NAME = 'TOLERANCE_SECONDS';
const DEFAULT_SECONDS = 300;
const SECONDS_MAX = 86_400;

export const TOLERANCE: SchemeSetting = { name: NAME, required: false, secret: false };

/** Returns the tolerance of a source in seconds. Throws UnusableSetting. */
export function toleranceOf(settings: SourceSettings): number {
  const value = settings[NAME] ?? '';
  if (value === '') return DEFAULT_SECONDS;
  const seconds = /^[0-9]{1,9}$/.test(value) ? Number(value) : 0;
  if (seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  throw new UnusableSetting(NAME, `must be a whole number from 1 to ${SECONDS_MAX}`);
}
