// What a store in memory keeps of items, and what it says of them: each rule of the port once more, as plainly as it can be put.
import { hash } from 'node:crypto';
import { type Instant, parseInstant } from '../../app/model/instant.ts';
import type { Delivery, EventItem, Item, MessageItem } from '../../app/model/item.ts';
import type { OrderKey } from '../../app/model/order.ts';
import type { Cursor, Direction } from '../../app/model/page.ts';
import { foldCase } from '../../app/model/search.ts';

/** The other content of a message of the default source, which has no delivery. */
type DefaultConflict = Omit<EventItem, 'delivery'> & { readonly delivery: null };
export type Kept = Item | DefaultConflict;
export type KeptEvent = EventItem | DefaultConflict;
export type KeptMessage = Exclude<Item, EventItem>;

/** What outlives a store: items in the order of commit. The number of each is its place, counted from 1. */
export type Committed = Kept[];

/** When an item of the default source arrived: stores have other times, which are not compared. */
export const SOME_TIME = '2020-01-01T00:00:00.000Z';

export function isEvent(item: Kept): item is KeptEvent {
  return 'event_id' in item;
}

export function isMessage(item: Kept): item is KeptMessage {
  return 'message_id' in item;
}

export function isNamed(item: Kept): item is MessageItem | EventItem {
  return 'delivery' in item && item.delivery !== null;
}

export function idOf(item: Kept): string {
  return isEvent(item) ? item.event_id : item.message_id;
}

export function sourceOf(item: Kept): string {
  return isNamed(item) ? item.delivery.source : 'default';
}

export function keyOf(item: Kept): OrderKey {
  const instant = parseInstant(item.ts) ?? { seconds: NaN, nanos: NaN };
  return { ...instant, messageId: idOf(item) };
}

export function compare(a: OrderKey, b: OrderKey): number {
  const bytes = Buffer.compare(Buffer.from(a.messageId), Buffer.from(b.messageId));
  return a.seconds - b.seconds || a.nanos - b.nanos || bytes;
}

/** What an item is compared by with another one of its id. */
function contentOf(item: Kept): string {
  if (isEvent(item) || isNamed(item)) return item.content;
  return hash('sha256', fiveFields(item)).slice(0, 32);
}

export function haveSameContent(a: Kept, b: Kept): boolean {
  return isNamed(a) === isNamed(b) && contentOf(a) === contentOf(b);
}

/** The event that keeps an item whose id is taken by other content. */
export function conflictOf(item: Item): KeptEvent {
  const content = contentOf(item);
  const about = {
    event_id: `${idOf(item)}:conflict:${content}`,
    type: 'conflict',
    subject: idOf(item),
    ts: item.ts,
    content,
  };
  if (isNamed(item)) return { ...about, payload: item.payload, delivery: item.delivery };
  return { ...about, payload: isEvent(item) ? item.payload : fiveFields(item), delivery: null };
}

export function fiveFields({ message_id, from, to, ts, text }: KeptMessage): string {
  return JSON.stringify({ message_id, from, to, ts, text });
}

/** The number of the delivery of an item: that of the first item of it. Null where it has none. */
export function deliveryOf(committed: Committed, item: Kept): number | null {
  if (!isNamed(item)) return null;
  const { delivery } = item;
  return (
    delivery.number ??
    committed.findIndex((other) => isNamed(other) && other.delivery === delivery) + 1
  );
}

/** The delivery with a number; null where there is none. */
export function deliveryWith(committed: Committed, number: number): Delivery | null {
  const item = committed[number - 1];
  if (item === undefined || !isNamed(item) || deliveryOf(committed, item) !== number) return null;
  return item.delivery.number === undefined ? { ...item.delivery, number } : null;
}

export function receivedAt(item: Kept): string {
  return isNamed(item) ? item.delivery.receivedAt : SOME_TIME;
}

/** An event without its payload, as a list has it. */
export function eventJson(committed: Committed, event: KeptEvent): string {
  const { event_id, type, subject, ts } = event;
  const [source, received_at] = [sourceOf(event), receivedAt(event)];
  const seq = committed.indexOf(event) + 1;
  return JSON.stringify({ event_id, source, type, subject, ts, received_at, seq });
}

export function eventDetail(committed: Committed, event: KeptEvent): string {
  const delivery = deliveryOf(committed, event);
  return `${eventJson(committed, event).slice(0, -1)},"delivery":${delivery},"payload":${event.payload}}`;
}

export function messageItemJson(committed: Committed, message: KeptMessage): string {
  const { message_id, from, to, ts, text } = message;
  const [source, received_at] = [sourceOf(message), receivedAt(message)];
  const kind = isNamed(message) ? message.kind : null;
  const seq = committed.indexOf(message) + 1;
  return JSON.stringify({ message_id, source, kind, from, to, ts, text, seq, received_at });
}

export function messageDetail(committed: Committed, message: KeptMessage): string {
  const { message_id, from, to, ts, text } = message;
  const [source, received_at] = [sourceOf(message), receivedAt(message)];
  const kind = isNamed(message) ? message.kind : null;
  const seq = committed.indexOf(message) + 1;
  const delivery = deliveryOf(committed, message);
  const about = (type: string): string =>
    committed
      .filter((item) => isEvent(item) && item.type === type && item.subject === message_id)
      .slice(-100)
      .map((event) => (isEvent(event) ? eventDetail(committed, event) : ''))
      .join();
  const plain = { message_id, from, to, ts, text, source, kind, seq, received_at, delivery };
  const payload = isNamed(message) ? message.payload : null;
  return (
    `${JSON.stringify(plain).slice(0, -1)},"payload":${payload},` +
    `"statuses":[${about('status')}],"conflicts":[${about('conflict')}]}`
  );
}

/** A slice of what matches, in the order asked for, and whether others come before and after it. */
export function pageOf<T extends Kept>(
  matches: readonly T[],
  {
    order,
    cursor,
    limit,
    offset,
  }: { order: Direction; cursor: Cursor | null; limit: number; offset: number },
): { shown: T[]; prev: OrderKey | null; next: OrderKey | null } {
  const sign = order === 'asc' ? 1 : -1;
  const sorted = matches.toSorted((a, b) => sign * compare(keyOf(a), keyOf(b)));
  const placeOf = (each: T): number => (cursor ? sign * compare(keyOf(each), cursor.key) : 0);
  const before = sorted.filter((each) => placeOf(each) < 0).length;
  const notAfter = sorted.filter((each) => placeOf(each) <= 0).length;
  let [start, end] = [offset, offset + limit];
  if (cursor?.direction === 'after') [start, end] = [notAfter, notAfter + limit];
  if (cursor?.direction === 'before') [start, end] = [Math.max(0, before - limit), before];
  const shown = sorted.slice(start, end);
  const [first, last] = [shown[0], shown.at(-1)];
  return {
    shown,
    prev: first !== undefined && start > 0 ? keyOf(first) : null,
    next: last !== undefined && end < sorted.length ? keyOf(last) : null,
  };
}

export function isWithin(
  item: Kept,
  { since, until }: { since: Instant | null; until: Instant | null },
): boolean {
  const key = keyOf(item);
  return (
    (since === null || compare(key, { ...since, messageId: '' }) >= 0) &&
    (until === null || compare(key, { ...until, messageId: '' }) < 0)
  );
}

export function contains(text: string | null, part: string): boolean {
  return text !== null && foldCase(text).includes(foldCase(part));
}
