// What there is to forward, and what is sent of it. To be called inside a snapshot; functions throw what SQLite throws.
import type { DatabaseSync } from 'node:sqlite';
import { CONTENTS_BYTES_MAX, type ForwardMode } from '../../../model/forward.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { EventRow, MessageRow } from '../../item-json.ts';
import type { ForwardContent, ForwardEntry } from '../../forward-store.ts';
import { counterReader } from '../file/counters.ts';
import type { ForwardReadResults } from '../file/forward-protocol.ts';
import { prepared } from '../file/statements.ts';
import { EVENT_COLUMNS, MESSAGE_COLUMNS, selectDelivery } from './items.ts';

/** Columns of a ForwardEntry, and `created_at`, of messages, events and deliveries. */
const MESSAGE_ENTRY = `seq, message_id AS id, coalesce(source, '${DEFAULT_SOURCE}') AS source,
  coalesce('message.' || kind, 'message') AS type, from_msisdn AS party, created_at`;
const EVENT_ENTRY = `seq, event_id AS id, source, 'event.' || type AS type, subject AS party, created_at`;
const DELIVERY_ENTRY = `number AS seq, 'delivery:' || number AS id, source, 'delivery' AS type,
  (SELECT from_msisdn FROM messages
    WHERE seq = (SELECT min(seq) FROM messages WHERE delivery = number)) AS party, received_at AS created_at`;

/** Entries after a number, in order: messages and events are merged by their numbers, each read by its index. */
export const ENTRIES_AFTER: Readonly<Record<ForwardMode, string>> = {
  item: `SELECT ${MESSAGE_ENTRY} FROM messages WHERE seq > ?1
    UNION ALL SELECT ${EVENT_ENTRY} FROM events WHERE seq > ?1 ORDER BY 1 LIMIT ?2`,
  raw: `SELECT ${DELIVERY_ENTRY} FROM deliveries WHERE number > ?1 ORDER BY number LIMIT ?2`,
};

/** Entries with a number: there is one at most. */
const ENTRY_OF: Readonly<Record<ForwardMode, string>> = {
  item: `SELECT ${MESSAGE_ENTRY} FROM messages WHERE seq = ?1
    UNION ALL SELECT ${EVENT_ENTRY} FROM events WHERE seq = ?1`,
  raw: `SELECT ${DELIVERY_ENTRY} FROM deliveries WHERE number = ?1`,
};

/** Numbers of entries with an id, of a message and of an event where both have it. */
const SEQS_OF_ID = `SELECT seq FROM messages WHERE message_id = ?1
  UNION ALL SELECT seq FROM events WHERE event_id = ?1`;
const DELIVERY_ID = /^delivery:([1-9][0-9]{0,15})$/;

/** An entry with the time of its arrival, ISO-8601. */
export type EntryRow = ForwardEntry & { readonly created_at: string };

/** See `ForwardStore.entries`. */
export function selectEntries(
  database: DatabaseSync,
  mode: ForwardMode,
  after: number,
  limit: number,
): ForwardReadResults['forward:entries'] {
  const rows = prepared<EntryRow>(database, ENTRIES_AFTER[mode]).all(after, limit + 1);
  const entries = rows.slice(0, limit).map(entryOf);
  const end = rows.length > limit ? entries.at(-1)?.seq : counterReader(database)('last_seq');
  return { entries, end: end ?? after };
}

/** All entries after a number, in order, as they are asked for. */
export function entriesAfter(
  database: DatabaseSync,
  mode: ForwardMode,
  after: number,
): Iterable<EntryRow> {
  return prepared<EntryRow>(database, ENTRIES_AFTER[mode]).iterate(after, -1);
}

/** The entry with this number; null where there is none. */
export function selectEntry(
  database: DatabaseSync,
  mode: ForwardMode,
  seq: number,
): EntryRow | null {
  return prepared<EntryRow>(database, ENTRY_OF[mode]).get(seq) ?? null;
}

export function entryOf({ seq, id, source, type, party }: EntryRow): ForwardEntry {
  return { seq, id, source, type, party };
}

/** The numbers of the entries with this id. */
export function seqsOfId(database: DatabaseSync, mode: ForwardMode, id: string): number[] {
  if (mode === 'raw') {
    const number = DELIVERY_ID.exec(id)?.[1];
    return number === undefined ? [] : [Number(number)];
  }
  return prepared<{ seq: number }>(database, SEQS_OF_ID)
    .all(id)
    .map(({ seq }) => seq);
}

/** See `ForwardStore.contents`. */
export function selectContents(
  database: DatabaseSync,
  mode: ForwardMode,
  seqs: readonly number[],
): ForwardReadResults['forward:contents'] {
  const found: { entry: ForwardEntry; content: ForwardContent }[] = [];
  const gone: number[] = [];
  let bytes = 0;
  for (const seq of seqs) {
    if (bytes > CONTENTS_BYTES_MAX) break;
    const entry = selectEntry(database, mode, seq);
    const content = entry === null ? null : contentOf(database, mode, seq);
    if (entry === null || content === null) gone.push(seq);
    else {
      found.push({ entry: entryOf(entry), content });
      bytes += bytesOf(content);
    }
  }
  return { found, gone };
}

function contentOf(database: DatabaseSync, mode: ForwardMode, seq: number): ForwardContent | null {
  if (mode === 'raw') {
    const delivery = selectDelivery(database, seq);
    return delivery === null ? null : { seq, delivery };
  }
  const message = prepared<MessageRow>(
    database,
    `SELECT ${MESSAGE_COLUMNS}, delivery, payload FROM messages WHERE seq = ?`,
  ).get(seq);
  if (message !== undefined) return { seq, message };
  const event = prepared<EventRow>(
    database,
    `SELECT ${EVENT_COLUMNS}, delivery, payload FROM events WHERE seq = ?`,
  ).get(seq);
  return event === undefined ? null : { seq, event };
}

function bytesOf(content: ForwardContent): number {
  if ('delivery' in content) return content.delivery.body.length;
  if ('event' in content) return Buffer.byteLength(content.event.payload ?? '');
  const { text, payload } = content.message;
  return Buffer.byteLength(text ?? '') + Buffer.byteLength(payload ?? '');
}
