// Reads all messages that match, in the order of the list, in bounded memory.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { foldCase } from '../../../model/search.ts';
import type { ArchivedMessage, ExportFilter } from '../../admin.ts';
import { StoreUnavailable } from '../../store.ts';
import { ASCENDING, type Entry, FIRST_KEY, KEY, LAST_KEY, keyValues } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openUsableReader } from '../index/reader-connection.ts';
import { MergedList } from '../read/merged-list.ts';
import { searchEntries } from '../read/search.ts';

/** Columns of an exported message, under the names of the JSON. */
const ARCHIVED_COLUMNS =
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
    if (!isListed(database, filter)) yield* sorted(database, filter, null);
    else {
      const found = filter.text === null ? null : find(database, filter, filter.text);
      if (found === null) yield* walk(database, filter);
      else
        for (let at = 0; at < found.length; at += CHUNK_MESSAGES)
          yield rows(database, found.slice(at, at + CHUNK_MESSAGES));
    }
  } finally {
    database.close();
  }
}

/** Returns whether the lists are complete except for a tail that can be merged. */
function isListed(database: DatabaseSync, { from }: ExportFilter): boolean {
  try {
    inSnapshot(database, (progress) => new MergedList(database, progress, from));
    return true;
  } catch (error) {
    if (isWithoutIndex(error)) return false;
    throw error;
  }
}

/** Returns what the search index finds; null where that is too much to keep, or search lags too far behind. */
function find(database: DatabaseSync, filter: ExportFilter, text: string): Entry[] | null {
  const { from, since } = filter;
  const query = { from, since, text, limit: FOUND_MAX, offset: 0, cursor: null };
  try {
    const { entries } = inSnapshot(database, (progress) =>
      searchEntries(database, progress, query, text),
    );
    if (entries.length > FOUND_MAX) return null;
    return entries.filter((entry) => isBefore(entry, filter.until));
  } catch (error) {
    if (isWithoutIndex(error)) return null;
    throw error;
  }
}

/** Whether the index has failed, or lacks too much: the messages can be read without it. */
function isWithoutIndex(error: unknown): boolean {
  return error instanceof IndexUnusable || error instanceof StoreUnavailable;
}

function* walk(database: DatabaseSync, filter: ExportFilter): Generator<ArchivedMessage[]> {
  const matches = matcherOf(filter);
  let end: OrderKey = filter.since === null ? FIRST_KEY : { ...filter.since, messageId: '' };
  for (;;) {
    const entries = listed(database, filter, end);
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

/** The next entries after the key; null where the index fails. */
function listed(
  database: DatabaseSync,
  { from }: ExportFilter,
  key: OrderKey,
): readonly Entry[] | null {
  try {
    return inSnapshot(database, (progress) =>
      new MergedList(database, progress, from).after(key, CHUNK_MESSAGES),
    );
  } catch (error) {
    if (isWithoutIndex(error)) return null;
    throw error;
  }
}

/** Without an index: SQLite sorts all that match, after the key where there is one. */
function* sorted(
  database: DatabaseSync,
  filter: ExportFilter,
  after: OrderKey | null,
): Generator<ArchivedMessage[]> {
  // No message has the key of an instant alone: its id would be empty.
  const since = after ?? (filter.since === null ? FIRST_KEY : { ...filter.since, messageId: '' });
  const until = filter.until === null ? LAST_KEY : { ...filter.until, messageId: '' };
  const parameters: SQLInputValue[] = [...keyValues(since), ...keyValues(until), filter.from];
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
