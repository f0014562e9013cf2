// The id of a message or an event in a query string.
import * as z from 'zod';

/**
 * Returns the schema of an id: any text. Unlike in `from`, a raw `+` is a space here, as in every form: ids may hold both, and
 * callers must percent-encode them.
 */
export function itemId() {
  return z
    .string()
    .min(1)
    .describe('The id, percent-encoded: a raw `+` is a space.')
    .meta({ example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw' });
}
