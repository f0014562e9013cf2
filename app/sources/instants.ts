// The times of providers, in the grammar of `ts`.
import { formatSeconds, parseInstant } from '../model/instant.ts';

/** A number of 12 digits or more counts milliseconds: as seconds it would be after the year 5138. */
const MILLISECONDS_MIN = 1e11;
const YEAR_1_SECONDS = -62_135_596_800;
const YEAR_10000_SECONDS = 253_402_300_800;

/** Digits, and a fraction of a second or millisecond, which is kept to nine digits of a second. */
const EPOCH = /^([0-9]{1,15})(?:\.([0-9]{1,20}))?$/;
const ISO =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,]([0-9]{1,20}))?(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2})?)$/;

/**
 * Returns an instant of a time: seconds or milliseconds since 1970, as a number or in digits, or ISO 8601 with an offset. Null where it is
 * none of these, or not of the years 0001 to 9999.
 */
export function instantOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? fromEpoch(String(value)) : null;
  if (typeof value !== 'string' || value.length > 64) return null;
  return fromEpoch(value) ?? fromIso(value);
}

/** Returns an instant of seconds or milliseconds since 1970. */
function fromEpoch(digits: string): string | null {
  const parts = EPOCH.exec(digits);
  if (parts === null) return null;
  const number = Number(parts[1]);
  if (number < MILLISECONDS_MIN) return instant(number, parts[2] ?? '');
  const millis = String(number % 1000).padStart(3, '0');
  return instant(
    Math.floor(number / 1000),
    `${millis === '000' && !parts[2] ? '' : millis}${parts[2] ?? ''}`,
  );
}

function fromIso(text: string): string | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [, date, minutes, seconds, fraction, sign, hoursOff, minutesOff] = parts;
  const local = parseInstant(`${date}T${minutes}${seconds ?? ':00'}Z`);
  const offsetMinutes = Number(hoursOff ?? 0) * 60 + Number(minutesOff ?? 0);
  if (local === null || Number(minutesOff ?? 0) > 59 || offsetMinutes > 24 * 60) return null;
  const offsetSeconds = (sign === '-' ? -60 : 60) * offsetMinutes;
  return instant(local.seconds - offsetSeconds, fraction ?? '');
}

/** `fraction`: digits of a second after the point. */
function instant(seconds: number, fraction: string): string | null {
  if (seconds < YEAR_1_SECONDS || seconds >= YEAR_10000_SECONDS) return null;
  const digits = fraction.slice(0, 9);
  const text = formatSeconds(seconds);
  return digits === '' ? text : text.replace('Z', `.${digits}Z`);
}
