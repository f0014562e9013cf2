// An instant in UTC to the nanosecond: the grammar of `ts` and `since`, and its position in time.

/** A moment in UTC: whole seconds since 1970-01-01T00:00:00Z (negative before it) and nanoseconds, 0 to 999,999,999. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

const GRAMMAR =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Parses `YYYY-MM-DDTHH:MM:SS[.1 to 9 digits]Z`.
 * Returns null where the text does not fit or names a date or time that does not exist
 * (years 0001 to 9999, seconds 00 to 59).
 */
export function parseInstant(text: string): Instant | null {
  // The longest instant has 30 characters; anything longer is refused before the expression runs.
  if (text.length > 30) return null;
  const parts = GRAMMAR.exec(text);
  if (parts === null) return null;
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6]);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const days = daysSinceEpoch(year, month, day);
  const fraction = parts[7];
  return {
    seconds: days * 86_400 + hour * 3_600 + minute * 60 + second,
    nanos: fraction === undefined ? 0 : Number(fraction.padEnd(9, '0')),
  };
}

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}

/**
 * Returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
 * `Date` is not used: it reads the years 0 to 99 as 1900 to 1999.
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // March is taken as the first month, so that the leap day is the last day of a year.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Returns whole seconds since 1970-01-01T00:00:00Z as `YYYY-MM-DDTHH:MM:SSZ`; the year must be 0001 to 9999. */
export function formatSeconds(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}
