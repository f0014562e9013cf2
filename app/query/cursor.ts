// Cursors: a place in the ordered list as an opaque word of a URL.
import type { Cursor } from '../model/page.ts';

/** A cursor as base64url text. What is inside is nobody's business but ours. */
export function encodeCursor({ direction, key }: Cursor): string {
  const value = [direction === 'after' ? 'a' : 'b', key.seconds, key.nanos, key.messageId];
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The cursor of a text that `encodeCursor` made; null for any other text. */
export function decodeCursor(text: string): Cursor | null {
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
