// Reads all messages that match, in the order of the list, in bounded memory.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { foldCase } from '../../../model/search.ts';
import type { ArchivedMessage, ExportFilter } from '../../archive.ts';
import { StoreUnavailable } from '../../store.ts';
import { ASCENDING, type Entry, FIRST_KEY, KEY, LAST_KEY, keyValues } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openUsableReader } from '../index/reader-connection.ts';
import type { IndexProgress } from '../index/state.ts';
import { MergedList } from '../read/merged-list.ts';
import { searchEntries } from '../read/search.ts';

/** Columns of an exported message, under the names of the JSON. */
export const ARCHIVED_COLUMNS =
  'm.message_id, m.from_msisdn AS "from", m.to_msisdn AS "to", m.ts, m.text, m.created_at';

/** Messages that are read in one snapshot. */
const CHUNK_MESSAGES = 2_000;
/** Matches of a search that are kept in memory; where there are more, every text is compared in order instead. */
const FOUND_MAX = 50_000;

/**
 * Yields the messages that match, in the order of the list, in chunks. Each chunk is read in a snapshot of its own, so that the
 * WAL does not grow meanwhile: what was stored at the start and is not removed is yielded exactly once; what arrives meanwhile
 * is, if its position is still ahead. A file without a usable index, such as a backup, is sorted in one snapshot.
 * Throws what SQLite throws.
 */
export function* exportMessages(path: string, filter: ExportFilter): Generator<ArchivedMessage[]> {
  const database = openUsableReader(path);
  try {
    const found = filter.text === null ? null : search(database, filter, filter.text);
    if (found === null) yield* walk(database, filter);
    else
      for (let at = 0; at < found.length; at += CHUNK_MESSAGES)
        yield rows(database, found.slice(at, at + CHUNK_MESSAGES));
  } finally {
    database.close();
  }
}

/** Reads from the index in one snapshot; null where it has failed, or lacks too much: the messages can be read without it. */
function fromIndex<T>(database: DatabaseSync, read: (progress: IndexProgress) => T): T | null {
  try {
    return inSnapshot(database, read);
  } catch (error) {
    if (error instanceof IndexUnusable || error instanceof StoreUnavailable) return null;
    throw error;
  }
}

/** Returns what the search index finds; null where that is too much to keep, or search lags too far behind. */
function search(database: DatabaseSync, filter: ExportFilter, text: string): Entry[] | null {
  const { from, since } = filter;
  const query = { from, since, text, limit: FOUND_MAX, offset: 0, cursor: null };
  const found = fromIndex(database, (progress) => searchEntries(database, progress, query, text));
  if (found === null || found.entries.length > FOUND_MAX) return null;
  return found.entries.filter((entry) => isBefore(entry, filter.until));
}

function* walk(database: DatabaseSync, filter: ExportFilter): Generator<ArchivedMessage[]> {
  const matches = matcherOf(filter);
  // No message has the key of an instant alone: its id would be empty.
  let end: OrderKey = filter.since === null ? FIRST_KEY : { ...filter.since, messageId: '' };
  for (;;) {
    const after = end;
    const entries = fromIndex(database, (progress) =>
      new MergedList(database, progress, filter.from).after(after, CHUNK_MESSAGES),
    );
    if (entries === null) {
      yield* sorted(database, filter, end);
      return;
    }
    const wanted = entries.filter((entry) => isBefore(entry, filter.until));
    yield rows(database, wanted).filter(matches);
    const last = entries.at(-1);
    if (last === undefined || wanted.length < entries.length) return;
    end = last;
  }
}

/** Without an index: SQLite sorts all that match, after the key. */
function* sorted(
  database: DatabaseSync,
  filter: ExportFilter,
  after: OrderKey,
): Generator<ArchivedMessage[]> {
  const until = filter.until === null ? LAST_KEY : { ...filter.until, messageId: '' };
  const parameters: SQLInputValue[] = [...keyValues(after), ...keyValues(until), filter.from];
  const select = prepared<ArchivedMessage>(
    database,
    `SELECT ${ARCHIVED_COLUMNS} FROM messages m
     WHERE ${KEY} > (?, ?, ?) AND ${KEY} < (?, ?, ?) AND (?7 IS NULL OR from_msisdn = ?7) ${ASCENDING}`,
  );
  const matches = matcherOf(filter);
  let chunk: ArchivedMessage[] = [];
  for (const message of select.iterate(...parameters)) {
    if (matches(message)) chunk.push(message);
    if (chunk.length < CHUNK_MESSAGES) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

function matcherOf({ text }: ExportFilter): (message: ArchivedMessage) => boolean {
  if (text === null) return () => true;
  const needle = foldCase(text);
  return (message) => message.text !== null && foldCase(message.text).includes(needle);
}

function isBefore(entry: Entry, until: Instant | null): boolean {
  return until === null || compareOrder(entry, { ...until, messageId: '' }) < 0;
}

/** Returns the messages of the entries, without those that were removed since. */
function rows(database: DatabaseSync, entries: readonly Entry[]): ArchivedMessage[] {
  const select = prepared<ArchivedMessage>(
    database,
    `SELECT ${ARCHIVED_COLUMNS} FROM json_each(?) e CROSS JOIN messages m ON m.seq = e.value`,
  );
  const seqs = JSON.stringify(entries.map(({ seq }) => seq));
  return select.all(seqs);
}
