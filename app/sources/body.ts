// The body of a delivery as text and as JSON.
import { isUtf8 } from 'node:buffer';
import type { Delivery } from '../model/item.ts';
import { headerOf, inflated } from './items.ts';

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Returns the text of a body, inflated and without byte order mark; null where it is not UTF-8. A body that cannot be inflated, or only to more
 * than `bytesMax`, is taken as it came: proxies inflate and leave the header.
 */
export function bodyText(delivery: Delivery, bytesMax: number): string | null {
  const encoding = headerOf(delivery, 'content-encoding');
  const bytes = inflated(delivery.body, encoding, bytesMax) ?? delivery.body;
  if (!isUtf8(bytes)) return null;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** Returns the value of a kept header; null where there is none, or it is empty. */
export function keptHeader(delivery: Delivery, name: string): string | null {
  return headerOf(delivery, name.toLowerCase()) || null;
}

/** Returns the value of a JSON text; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a parsed value is an object, and neither an array nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a member of a JSON object; undefined where the value is no object, or has no such member of its own. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Returns a member that is a text; null where there is none, or it is empty. */
export function textMember(value: unknown, name: string): string | null {
  const text = member(value, name);
  return typeof text === 'string' && text !== '' ? text : null;
}
