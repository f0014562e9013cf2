// What a store in memory has to forward: each entry, what is sent of it, and when it arrived.
import type { ForwardMode, ForwardReport } from '../../app/model/forward.ts';
import type {
  ForwardContent,
  ForwardEntry,
  ForwardPosition,
  ForwardStatus,
  Unfinished,
} from '../../app/storage/store.ts';
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

/** What is kept of a destination. */
export interface KeptForward {
  readonly startedAfter: number;
  mode: ForwardMode;
  position: ForwardPosition;
  delivered: number;
  report: ForwardReport | null;
  usedMs: number;
  readonly rows: Map<number, Unfinished>;
}

/** What outlives a store, by name. */
export type KeptForwards = Map<string, KeptForward>;

export const NEVER_ATTEMPTED = { attempts: 0, firstMs: null, lastMs: null, error: null };

/** When a row is due. */
export function dueMsOf({ dueMs }: Unfinished): number {
  return dueMs ?? Infinity;
}

/** Whether nothing is sent any more of a row's entry, unless somebody asks for it. */
export function isGivenUp({ state }: Unfinished): boolean {
  return state === 'dead' || state === 'discarded';
}

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
function arrivalOf(committed: Committed, seq: number): string | null {
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

/** What is said of a destination. */
export function statusOf(committed: Committed, name: string, kept: KeptForward): ForwardStatus {
  const { startedAfter, position, delivered, report, mode, rows } = kept;
  const count = (state: Unfinished['state']): number =>
    [...rows.values()].filter((row) => row.state === state).length;
  const oldest = entriesOf(committed, mode).find(({ seq }) => {
    const row = rows.get(seq);
    if (row !== undefined) return !isGivenUp(row);
    return seq > position.position && !position.finished.includes(seq);
  });
  return {
    name,
    startedAfter,
    ...position,
    lastSeq: committed.length,
    delivered,
    retrying: count('retry'),
    waiting: count('waiting'),
    dead: count('dead'),
    oldest: oldest === undefined ? null : arrivalOf(committed, oldest.seq),
    report,
  };
}
