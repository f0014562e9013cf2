// Reads all messages that match, in the order of the list, in memory that does not grow with their number.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import type { Message } from '../../../model/message.ts';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { foldCase } from '../../../model/search.ts';
import { openForReading } from '../file/connection.ts';
import { type Entry, FIRST_KEY, orderOfAll, orderOfSender } from '../read/ordered-list.ts';
import { searchEntries } from '../search/find.ts';
import { inSnapshot } from '../file/snapshot.ts';
import { prepared } from '../file/statements.ts';
import { merge, readTail } from '../read/tail.ts';

/** Messages that are read in one snapshot. */
const CHUNK_MESSAGES = 2_000;
/** So many matches of a search are kept in memory; where there are more, every text is looked at in order instead. */
const FOUND_MAX = 50_000;

/** Which messages; null does not restrict. `until` is the first instant that is left out. */
export interface ExportFilter {
  readonly from: string | null;
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly text: string | null;
}

/** A message and when it arrived, ISO-8601. */
export interface ArchivedMessage extends Message {
  readonly created_at: string;
}

/**
 * The messages that match, in the order of the list, a stretch at a time. Each stretch is a snapshot of its own, so that
 * the log does not grow meanwhile: what was there at the start and is not removed comes exactly once; what arrives
 * meanwhile comes if its place is still ahead. Throws what SQLite throws.
 */
export function* exportMessages(path: string, filter: ExportFilter): Generator<ArchivedMessage[]> {
  const database = openForReading(path);
  try {
    const found = filter.text === null ? null : find(database, filter, filter.text);
    if (found === null) yield* walk(database, filter);
    else {
      for (let at = 0; at < found.length; at += CHUNK_MESSAGES)
        yield inSnapshot(database, () => rows(database, found.slice(at, at + CHUNK_MESSAGES)));
    }
  } finally {
    database.close();
  }
}

/** What the search index finds; null where it is too much to keep. */
function find(database: DatabaseSync, filter: ExportFilter, text: string): Entry[] | null {
  const { from, since } = filter;
  const query = { from, since, text, limit: FOUND_MAX, offset: 0, cursor: null };
  const { entries } = inSnapshot(database, () => searchEntries(database, query, text));
  return entries.length > FOUND_MAX
    ? null
    : entries.filter((entry) => isBefore(entry, filter.until));
}

function* walk(database: DatabaseSync, filter: ExportFilter): Generator<ArchivedMessage[]> {
  const needle = filter.text === null ? null : foldCase(filter.text);
  let reached: OrderKey = filter.since === null ? FIRST_KEY : { ...filter.since, messageId: '' };
  for (;;) {
    const { last, messages } = inSnapshot(database, () => {
      const entries = entriesAfter(database, filter.from, reached);
      const wanted = entries.filter((entry) => isBefore(entry, filter.until));
      return {
        last: wanted.length < entries.length ? undefined : entries.at(-1),
        messages: rows(database, wanted),
      };
    });
    yield needle === null
      ? messages
      : messages.filter(({ text }) => text !== null && foldCase(text).includes(needle));
    if (last === undefined) return;
    reached = last;
  }
}

function entriesAfter(database: DatabaseSync, from: string | null, key: OrderKey): Entry[] {
  const order = from === null ? orderOfAll(database) : orderOfSender(database, from);
  const tail = readTail(database, from, key).entries.filter(
    (entry) => compareOrder(entry, key) > 0,
  );
  return merge(order.after(key, CHUNK_MESSAGES), tail, compareOrder).slice(0, CHUNK_MESSAGES);
}

function isBefore(entry: Entry, until: Instant | null): boolean {
  return until === null || compareOrder(entry, { ...until, messageId: '' }) < 0;
}

function rows(database: DatabaseSync, entries: readonly Entry[]): ArchivedMessage[] {
  const select = prepared(
    database,
    'SELECT message_id, from_msisdn, to_msisdn, ts, text, created_at FROM messages WHERE seq = ?',
  );
  return entries.flatMap(({ seq }) => {
    const row = select.get(seq);
    // A search may have found what was removed since.
    if (row === undefined) return [];
    return {
      message_id: row['message_id'] as string,
      from: row['from_msisdn'] as string,
      to: row['to_msisdn'] as string,
      ts: row['ts'] as string,
      text: row['text'] as string | null,
      created_at: row['created_at'] as string,
    };
  });
}
