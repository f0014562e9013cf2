// An instant from seconds or milliseconds since 1970, as providers write them: a number, or its digits as text.

const DIGITS = /^[0-9]{1,15}$/;
/** From here a number counts milliseconds: in seconds it would be the year 5138. */
const MILLISECONDS_MIN = 1e11;
const YEAR_9999_END_MS = 253_402_300_799_999;

/** Returns the instant in the grammar of a message's `ts`; null where the value is no time up to the year 9999. */
export function epochInstant(value: unknown): string | null {
  const count = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof count !== 'number' || !(count >= 0)) return null;
  const ms = Math.floor(count < MILLISECONDS_MIN ? count * 1_000 : count);
  return ms <= YEAR_9999_END_MS ? new Date(ms).toISOString().replace('.000Z', 'Z') : null;
}
