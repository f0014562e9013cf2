// What was committed after a number, in SQL.
import type { DatabaseSync } from 'node:sqlite';
import type { StreamEntry, StreamPage, StreamQuery } from '../../../model/stream.ts';
import { type EventRow, type MessageRow, eventJson, messageItemJson } from '../../item-json.ts';
import { counterReader } from '../file/counters.ts';
import { prepared, preparedArrays } from '../file/statements.ts';
import { EVENT_COLUMNS, MESSAGE_COLUMNS } from './items.ts';
import { MESSAGE_JSON } from './page.ts';

/** A page ends once its entries pass this length, so that a few long texts do not make a page of megabytes. */
const PAGE_UNITS_MAX = 256 * 1_024;

/** At most `limit` items of the scope after the number, in the order of commit. To be called inside a snapshot. */
export function selectAfter(database: DatabaseSync, query: StreamQuery): StreamPage {
  const lastSeq = counterReader(database)('last_seq');
  if (query.limit === 0 || query.after >= lastSeq)
    return { entries: [], more: false, upTo: Math.min(query.after, lastSeq), lastSeq };
  const found = query.scope === 'messages' ? messagesAfter : itemsAfter;
  const entries: StreamEntry[] = [];
  let units = 0;
  let more = false;
  for (const entry of found(database, query.after, query.limit + 1)) {
    more = entries.length === query.limit || units >= PAGE_UNITS_MAX;
    if (more) break;
    entries.push(entry);
    units += entry.json.length;
  }
  const last = entries.at(-1);
  return { entries, more, upTo: more && last !== undefined ? last.seq : lastSeq, lastSeq };
}

function* messagesAfter(
  database: DatabaseSync,
  after: number,
  limit: number,
): Iterable<StreamEntry> {
  const rows = preparedArrays<[number, string]>(
    database,
    `SELECT m.seq, ${MESSAGE_JSON} FROM messages m WHERE m.seq > ? ORDER BY m.seq LIMIT ?`,
  ).iterate(after, limit);
  for (const [seq, json] of rows) yield { seq, item: 'message', json };
}

/** Messages and events have one sequence of numbers: each is at its place in it. */
function* itemsAfter(database: DatabaseSync, after: number, limit: number): Iterable<StreamEntry> {
  const messages = prepared<MessageRow>(
    database,
    `SELECT ${MESSAGE_COLUMNS} FROM messages WHERE seq > ? ORDER BY seq LIMIT ?`,
  ).iterate(after, limit);
  const events = prepared<EventRow>(
    database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
  ).iterate(after, limit);
  const waiting = events[Symbol.iterator]();
  let event = waiting.next();
  const eventEntry = (row: EventRow): StreamEntry => {
    event = waiting.next();
    return { seq: row.seq, item: 'event', json: eventJson(row) };
  };
  try {
    for (const message of messages) {
      while (!event.done && event.value.seq < message.seq) yield eventEntry(event.value);
      yield { seq: message.seq, item: 'message', json: messageItemJson(message) };
    }
    while (!event.done) yield eventEntry(event.value);
  } finally {
    // A statement that is not at its end would keep the snapshot.
    waiting.return?.();
  }
}
