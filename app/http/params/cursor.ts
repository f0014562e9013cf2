// Cursors: a position in an ordered list as opaque text in a URL.
import * as z from 'zod';
import type { Cursor, Direction } from '../../model/page.ts';

/** A cursor, and the order of the list that it was made for. */
export interface OrderedCursor {
  readonly cursor: Cursor;
  readonly order: Direction;
}

/** Returns a cursor as base64url text. To callers it is opaque. One of an ascending list is written without the order, as all once were. */
export function encodeCursor({ direction, key }: Cursor, order: Direction): string {
  const value = [direction === 'after' ? 'a' : 'b', key.seconds, key.nanos, key.messageId];
  const written = order === 'asc' ? value : [...value, order];
  return Buffer.from(JSON.stringify(written)).toString('base64url');
}

/** Returns the schema of a text that `encodeCursor` made. What comes out is the cursor and its order, what is described is its text. */
export function cursor() {
  return z
    .string()
    .transform((text, ctx) => {
      const decoded = decodeCursor(text);
      if (decoded !== null) return decoded;
      const message = 'Input should be a cursor from a Link header';
      ctx.issues.push({ code: 'custom', input: text, message });
      return z.NEVER;
    })
    .meta({ type: 'string' });
}

/** What `encodeCursor` writes. */
const WRITTEN = /^\["(a|b)",(-?[0-9]{1,16}),([0-9]{1,16}),(".*?")(?:,"(asc|desc)")?\]$/s;

/** Returns the cursor of a text that `encodeCursor` made; null for any other text. */
function decodeCursor(text: string): OrderedCursor | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const parts = WRITTEN.exec(Buffer.from(text, 'base64url').toString('utf8'));
  const messageId = stringOf(parts?.[4] ?? '');
  if (parts === null || messageId === null) return null;
  const [seconds, nanos] = [Number(parts[2]), Number(parts[3])];
  if (!Number.isSafeInteger(seconds) || !Number.isSafeInteger(nanos)) return null;
  const direction = parts[1] === 'a' ? 'after' : 'before';
  const order = parts[5] === 'desc' ? 'desc' : 'asc';
  return { cursor: { direction, key: { seconds, nanos, messageId } }, order };
}

/**
 * Returns the string that a JSON text is; null for any other text that begins with a quotation mark. V8 14.6 may read a name of an object
 * wrong after one that a caller made up: no other JSON of callers without a secret is parsed.
 */
function stringOf(json: string): string | null {
  try {
    return (JSON.parse(json) as string).toWellFormed();
  } catch {
    return null;
  }
}
