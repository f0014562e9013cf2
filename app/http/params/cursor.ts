// Cursors: a position in the ordered list as opaque text in a URL.
import * as z from 'zod';
import type { Cursor } from '../../model/page.ts';

/** Returns a cursor as base64url text. To callers it is opaque. */
export function encodeCursor({ direction, key }: Cursor): string {
  const value = [direction === 'after' ? 'a' : 'b', key.seconds, key.nanos, key.messageId];
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Returns the schema of a text that `encodeCursor` made. What comes out is the cursor, what is described is its text. */
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
function decodeCursor(text: string): Cursor | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 4) return null;
  const [letter, seconds, nanos, messageId] = value as unknown[];
  if (letter !== 'a' && letter !== 'b') return null;
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
  return { direction: letter === 'a' ? 'after' : 'before', key };
}
