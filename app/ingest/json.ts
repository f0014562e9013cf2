// Parses JSON from bytes.
import { isUtf8 } from 'node:buffer';
import { jsonErrorPosition } from './json-position.ts';

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Parses UTF-8 without the byte order mark that it may begin with, as Python's `json.loads` does with bytes.
 * Returns the value, or why there is none and `position`: the code point after that mark, from 0, at which a strict parser
 * stops; 0 where the bytes are not UTF-8.
 */
export function parseJson(
  bytes: Buffer,
): { readonly value: unknown } | { readonly reason: string; readonly position: number } {
  if (!isUtf8(bytes)) return { reason: 'body is not valid UTF-8', position: 0 };
  const decoded = bytes.toString('utf8');
  const text = decoded.startsWith(BYTE_ORDER_MARK) ? decoded.slice(1) : decoded;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { reason: 'body is not valid JSON', position: jsonErrorPosition(text) ?? text.length };
  }
}
