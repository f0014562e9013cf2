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

/** Returns the cursor of a text that `encodeCursor` made; null for any other text. */
function decodeCursor(text: string): OrderedCursor | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length < 4 || value.length > 5) return null;
  const [letter, seconds, nanos, messageId, order = 'asc'] = value as unknown[];
  if (letter !== 'a' && letter !== 'b') return null;
  if (order !== 'asc' && order !== 'desc') return null;
  if (
    !Number.isSafeInteger(seconds) ||
    !Number.isSafeInteger(nanos) ||
    typeof messageId !== 'string'
  )
    return null;
  const key = {
    seconds: seconds as number,
    nanos: nanos as number,
    messageId: messageId.toWellFormed(),
  };
  return { cursor: { direction: letter === 'a' ? 'after' : 'before', key }, order };
}
