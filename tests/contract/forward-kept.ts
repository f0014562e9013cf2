// What a store in memory has to forward: each entry, what is sent of it, and when it arrived.
import type { ForwardMode } from '../../app/model/forward.ts';
import type { ForwardContent, ForwardEntry } from '../../app/storage/store.ts';
import {
  type Committed,
  type Kept,
  deliveryOf,
  deliveryWith,
  idOf,
  isEvent,
  isMessage,
  isNamed,
  receivedAt,
  sourceOf,
} from './kept.ts';

/** The entry with a number; null where there is none. */
export function entryOf(committed: Committed, mode: ForwardMode, seq: number): ForwardEntry | null {
  const item = committed[seq - 1];
  if (item === undefined) return null;
  if (mode === 'item')
    return {
      seq,
      id: idOf(item),
      source: sourceOf(item),
      type: typeOf(item),
      party: partyOf(item),
    };
  if (deliveryWith(committed, seq) === null) return null;
  const first = committed.filter(isMessage).find((each) => deliveryOf(committed, each) === seq);
  const party = first?.from ?? null;
  return { seq, id: `delivery:${seq}`, source: sourceOf(item), type: 'delivery', party };
}

/** All entries, in order. */
export function entriesOf(committed: Committed, mode: ForwardMode): ForwardEntry[] {
  return committed.flatMap((_, place) => entryOf(committed, mode, place + 1) ?? []);
}

/** What is sent of an entry. Throws where there is none with the number. */
export function contentOf(committed: Committed, mode: ForwardMode, seq: number): ForwardContent {
  const item = committed[seq - 1];
  const delivery = deliveryWith(committed, seq);
  if (mode === 'raw' && delivery !== null) return { seq, delivery };
  if (mode === 'raw' || item === undefined) throw new Error(`no entry ${seq}`);
  const common = {
    ts: item.ts,
    created_at: receivedAt(item),
    seq,
    delivery: deliveryOf(committed, item),
  };
  if (isEvent(item)) {
    const { event_id, type, subject, payload } = item;
    return { seq, event: { event_id, source: sourceOf(item), type, subject, payload, ...common } };
  }
  const { message_id, from, to, text } = item;
  const origin = isNamed(item)
    ? { source: sourceOf(item), kind: item.kind, payload: item.payload }
    : { source: null, kind: null, payload: null };
  return { seq, message: { message_id, from, to, text, ...origin, ...common } };
}

/** How large it is. */
export function bytesOf(content: ForwardContent): number {
  if ('delivery' in content) return content.delivery.body.length;
  const { payload } = 'event' in content ? content.event : content.message;
  return (payload ?? '').length + ('message' in content ? (content.message.text ?? '').length : 0);
}

/** When the item, or the delivery, with a number arrived. */
export function arrivalOf(committed: Committed, seq: number): string | null {
  const item = committed[seq - 1];
  return item === undefined ? null : receivedAt(item);
}

function typeOf(item: Kept): string {
  if (isEvent(item)) return `event.${item.type}`;
  return isNamed(item) ? `message.${item.kind}` : 'message';
}

function partyOf(item: Kept): string | null {
  return isEvent(item) ? item.subject : item.from;
}
