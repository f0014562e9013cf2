// Reads all messages that match, in the order of the list, in bounded memory.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { foldCase } from '../../../model/search.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { ArchivedMessage, ExportFilter } from '../../archive.ts';
import { StoreUnavailable } from '../../store.ts';
import { ASCENDING, type Entry, FIRST_KEY, KEY, LAST_KEY, keyValues } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openUsableReader } from '../index/reader-connection.ts';
import type { IndexProgress } from '../index/state.ts';
import { MergedList } from '../read/merged-list.ts';
import { searchEntries } from '../read/search.ts';
import { hasSources, messageColumns } from './archive.ts';
import { inChunks, take } from './chunks.ts';

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
    const found = filter.text === null ? null : search(database, filter);
    if (found === null) yield* walk(database, filter);
    else
      for (let at = 0; at < found.length; at += CHUNK_MESSAGES)
        yield* rows(database, found.slice(at, at + CHUNK_MESSAGES), filter);
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
function search(database: DatabaseSync, filter: ExportFilter): Entry[] | null {
  const query: MessageQuery = {
    ...filter,
    // An older file has no sources: the messages say which they are of.
    source: null,
    order: 'asc',
    limit: FOUND_MAX,
    offset: 0,
    cursor: null,
  };
  const found = fromIndex(database, (progress) => searchEntries(database, progress, query));
  if (found === null || found.entries.length > FOUND_MAX) return null;
  return [...found.entries];
}

function* walk(database: DatabaseSync, filter: ExportFilter): Generator<ArchivedMessage[]> {
  // No message has the key of an instant alone: its id would be empty.
  let end: OrderKey = filter.since === null ? FIRST_KEY : { ...filter.since, messageId: '' };
  for (;;) {
    const after = end;
    const entries = fromIndex(database, (progress) =>
      listOf(database, progress, filter).after(after, CHUNK_MESSAGES),
    );
    if (entries === null) {
      yield* sorted(database, filter, end);
      return;
    }
    const wanted = entries.filter((entry) => isBefore(entry, filter.until));
    yield* rows(database, wanted, filter);
    const last = entries.at(-1);
    if (last === undefined || wanted.length < entries.length) return;
    end = last;
  }
}

/** The shortest list that has all messages of the filter. */
function listOf(
  database: DatabaseSync,
  progress: IndexProgress,
  { from, source }: ExportFilter,
): MergedList {
  return new MergedList(database, progress, from, from === null ? source : null);
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
    `SELECT ${messageColumns(database)} FROM messages m
     WHERE ${KEY} > (?, ?, ?) AND ${KEY} < (?, ?, ?) AND (?7 IS NULL OR from_msisdn = ?7) ${ASCENDING}`,
  );
  const matches = matcherOf(filter);
  for (const chunk of inChunks(select.iterate(...parameters), CHUNK_MESSAGES))
    yield chunk.filter(matches);
}

function matcherOf({ source, text }: ExportFilter): (message: ArchivedMessage) => boolean {
  if (source === null && text === null) return () => true;
  const needle = foldCase(text ?? '');
  return (message) =>
    (source === null || (message.source ?? DEFAULT_SOURCE) === source) &&
    (text === null || (message.text !== null && foldCase(message.text).includes(needle)));
}

function isBefore(entry: Entry, until: Instant | null): boolean {
  return until === null || compareOrder(entry, { ...until, messageId: '' }) < 0;
}

/** Yields the messages of the entries that match, without those that were removed since, in chunks that are bounded in bytes. */
function* rows(
  database: DatabaseSync,
  entries: readonly Entry[],
  filter: ExportFilter,
): Generator<ArchivedMessage[]> {
  const matches = matcherOf(filter);
  const select = prepared<ArchivedMessage>(
    database,
    `SELECT ${messageColumns(database)} FROM json_each(?) e CROSS JOIN messages m ON m.seq = e.value`,
  );
  const seqsOf = (some: readonly Entry[]): string => JSON.stringify(some.map(({ seq }) => seq));
  if (!hasNamedMessages(database)) {
    // Messages of the default source are small.
    yield select.all(seqsOf(entries)).filter(matches);
    return;
  }
  for (let left = entries; left.length > 0;) {
    // A statement that is left open while a chunk is written would hold the WAL.
    const { rows: chunk, more } = take(select.iterate(seqsOf(left)), left.length);
    yield chunk.filter(matches);
    const last = chunk.at(-1)?.message_id;
    left = more ? left.slice(left.findIndex(({ messageId }) => messageId === last) + 1) : [];
  }
}

function hasNamedMessages(database: DatabaseSync): boolean {
  return (
    hasSources(database) &&
    prepared(database, 'SELECT 1 FROM sources WHERE messages > 0 LIMIT 1').get() !== undefined
  );
}
