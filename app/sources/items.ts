// What all schemes need to make items of a delivery: ids, comparable content, safe texts, and the event for what cannot be parsed.
import { hash } from 'node:crypto';
import { gunzipSync, inflateSync } from 'node:zlib';
import {
  CONTENT_DIGITS,
  type Delivery,
  type EventItem,
  type Item,
  UNPARSED,
} from '../model/item.ts';

/** A provider's id that is longer is replaced by its hash: indexes hold ids. */
const ID_UNITS_MAX = 512;
/** Types, kinds and parties are indexed, and an index refuses what is much longer. No provider has longer ones. */
const NAME_UNITS_MAX = 256;
/** A page holds a hundred texts, and search folds each: a longer one is cut. No provider sends one; the payload has all of it. */
const TEXT_UNITS_MAX = 65_536;

/** Returns the id under which an item is stored: the provider's, behind the name of the source. */
export function itemId(source: string, id: string): string {
  const safe = id.toWellFormed();
  return `${source}:${safe.length <= ID_UNITS_MAX ? safe : `sha256:${hash('sha256', safe)}`}`;
}

/** Returns what is equal for equal content. `text` is the item as the provider wrote it. */
export function contentOf(text: string | Uint8Array): string {
  return hash('sha256', text).slice(0, CONTENT_DIGITS);
}

/** Returns a text for a column: without lone surrogates and NUL, which not every engine stores, and cut where it is too long. */
export function columnText(text: string): string {
  return storable(text.slice(0, TEXT_UNITS_MAX));
}

/** Returns a text for an indexed column, such as a type or a sender: likewise, and much shorter. */
export function columnName(text: string): string {
  return storable(text.slice(0, NAME_UNITS_MAX));
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/**
 * Returns the event that stands for what cannot be parsed: the whole body, or one item of it. `written`: its bytes, or its JSON text; a
 * text is kept as payload, the bytes of a body are in the delivery. `subject`: the id of the item, as far as it could be read.
 */
export function unparsed(
  delivery: Delivery,
  written: Uint8Array | string,
  subject: string | null = null,
): EventItem {
  return {
    event_id: itemId(delivery.source, hash('sha256', written)),
    type: UNPARSED,
    subject,
    ts: delivery.receivedAt,
    payload: typeof written === 'string' ? written : null,
    content: contentOf(written),
    delivery,
  };
}

/** Items of one post. None of a provider has as many in the longest body by default; who signs one that has must not keep all others waiting. */
const DELIVERY_ITEMS_MAX = 65_536;

/**
 * Returns the items of a delivery, up to a bound: what follows is not read, and one event `unparsed` of the whole body stands for it, so that
 * nothing that was signed is lost.
 */
export function boundedItems(delivery: Delivery, items: Iterable<Item>): readonly Item[] {
  const bounded: Item[] = [];
  for (const item of items) {
    if (bounded.length === DELIVERY_ITEMS_MAX)
      return [...bounded, unparsed(delivery, delivery.body)];
    bounded.push(item);
  }
  return bounded;
}

/** Yields items; where there are none, what stands for that in which they would have been. */
export function* itemsOr(
  items: Iterable<Item>,
  otherwise: () => Iterable<Item>,
): Generator<Item, void> {
  let some = false;
  for (const item of items) {
    some = true;
    yield item;
  }
  if (!some) yield* otherwise();
}

/**
 * Returns the body without its Content-Encoding; null where that is neither gzip nor deflate, or broken, or more than `bytesMax` come
 * out of it.
 */
export function inflated(
  body: Uint8Array,
  encoding: string | undefined,
  bytesMax: number,
): Uint8Array | null {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body;
  try {
    const options = { maxOutputLength: bytesMax };
    if (name === 'gzip' || name === 'x-gzip') return gunzipSync(body, options);
    return name === 'deflate' ? inflateSync(body, options) : null;
  } catch {
    return null;
  }
}

/** Returns the value of a header of a delivery; undefined where it has none. */
export function headerOf(delivery: Delivery, name: string): string | undefined {
  return delivery.headers.find(([header]) => header === name)?.[1];
}
