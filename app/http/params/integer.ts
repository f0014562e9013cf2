// Whole numbers in a query string or a header: digits only, within a range.
import * as z from 'zod';

/** What an integer is written with. */
export const DIGITS = /^[0-9]+$/;

/**
 * Returns the schema of a whole number from `min` to `max`, neither beyond 2^53 - 1. A longer row of digits is rounded when
 * it is read, but never to a number within the range; one that is too long for a number at all counts as 2^53.
 */
export function integer({ min, max }: { readonly min: number; readonly max: number }) {
  const digits = z.string().regex(DIGITS);
  return z
    .codec(digits, z.number().min(min).max(max), {
      decode: (text) => Math.min(Number(text), Number.MAX_SAFE_INTEGER + 1),
      encode: String,
    })
    .meta({ type: 'integer' });
}
