// Finds messages by what no list is kept of, such as a string in the text: candidates out of the index or a scan, each compared.
import type { DatabaseSync } from 'node:sqlite';
import type { MessageQuery } from '../../../model/page.ts';
import { directionOf } from '../../range.ts';
import { StoreUnavailable } from '../../store.ts';
import type { OrderKey } from '../../../model/order.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { candidateQuery } from '../index/folding.ts';
import { INDEX } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';
import { IndexList } from '../index/index-list.ts';
import { type Candidates, type KeyRange, TextMatcher } from './text-matcher.ts';
import { lacksMore } from './tail.ts';
import { TopEntries } from './top-entries.ts';

/** Entries of a page, one more than asked for where others follow; backward pages in descending order. */
export interface Slice {
  readonly entries: readonly Entry[];
  readonly total: number;
}

/** Entries that are held in memory at most. */
const KEPT_MAX = 100_000;
/** Messages compared in one statement. The first are few: they fill the page, and what is known then makes the rest cheap. */
const CHUNK_FIRST = 256;
const CHUNK_MAX = 4_096;
/** Of a list with no more messages than this, all are compared; of another, those that the index names. */
const LIST_MESSAGES_MAX = 16_384;
/** Search may lack so many messages (about 0.1 s of comparing); beyond, a read is refused. */
const SEARCH_TAIL_MAX = 262_144;

/**
 * Without a text, all messages match that fit the other filters. To be called inside the snapshot of `progress`. Throws StoreUnavailable
 * where search, or the lists, lack too many messages.
 */
export function searchEntries(
  database: DatabaseSync,
  progress: IndexProgress,
  query: MessageQuery,
): Slice {
  const { cursor, limit } = query;
  const matcher = new TextMatcher(database, progress.index.searchedSeq, query);
  const ascending = directionOf(query) === 'asc';
  /** The part of the ordered list behind a key, in the order in which it is read. */
  const beyond = (key: OrderKey): KeyRange =>
    ascending ? { above: key, below: LAST_KEY } : { above: FIRST_KEY, below: key };
  const pass = (range: KeyRange, skip: number): { entries: Entry[]; total: number } => {
    const top = new TopEntries(Math.min(skip + limit + 1, KEPT_MAX), !ascending);
    const batches = candidateBatches(database, progress, query);
    const total = compareAll(matcher, batches, range, top);
    return { entries: top.take(), total };
  };
  if (cursor !== null) return pass(beyond(cursor.key), 0);
  let skip = query.offset;
  const { entries: first, total } = pass({ above: FIRST_KEY, below: LAST_KEY }, skip);
  if (skip >= total) return { entries: [], total };
  let entries = first;
  // A place far down a long list of matches is reached by several passes, so that memory stays bounded.
  while (skip + limit + 1 > KEPT_MAX && entries.length === KEPT_MAX) {
    const passed = Math.min(skip, KEPT_MAX);
    const last = entries[passed - 1];
    if (last === undefined) break;
    skip -= passed;
    entries = pass(beyond(last), skip).entries;
  }
  return { entries: entries.slice(skip, skip + limit + 1), total };
}

/** Hands the matches inside the range to `top`. Returns how many match, inside of it or not. */
function compareAll(
  matcher: TextMatcher,
  batches: Iterable<Candidates>,
  { above, below }: KeyRange,
  top: TopEntries,
): number {
  let total = 0;
  const add = (entries: readonly Entry[]): void => {
    total += entries.length;
    for (const entry of entries) top.add(entry, above, below);
  };
  for (const batch of batches) {
    const wanted = top.narrow({ above, below });
    if (wanted === null) {
      add(matcher.entries(batch));
      continue;
    }
    const { count, undecided } = matcher.countOutside(batch, wanted);
    total += count;
    if (undecided !== '[]') add(matcher.entries({ kind: 'numbers', seqs: undecided }));
  }
  return total;
}

/** Messages that may match, in chunks, from where they are the fewest: a sender's or a source's, those that the index names, or all. */
function* candidateBatches(
  database: DatabaseSync,
  { index, main }: IndexProgress,
  { from, source, text }: MessageQuery,
): Iterable<Candidates> {
  const list = shortest([
    ...(from === null ? [] : [new IndexList(database, from)]),
    ...(source === null ? [] : [new IndexList(database, null, source)]),
  ]);
  const query = text === null ? null : candidateQuery(text);
  if (list !== undefined && (query === null || list.count <= LIST_MESSAGES_MAX)) {
    if (lacksMore(database, main.lastSeq, index.listedSeq, SEARCH_TAIL_MAX))
      throw new StoreUnavailable('index_behind', 'the lists are being filled');
    yield* listedMessages(list);
    yield* messagesAfter(database, index.listedSeq);
  } else if (query === null) {
    // Both in one SELECT would be found by a scan.
    const [first, last] = oneRow(
      preparedArrays<[number | null, number | null]>(
        database,
        'SELECT (SELECT min(rowid) FROM messages), (SELECT max(rowid) FROM messages)',
      ),
    );
    if (first === null || last === null) return;
    for (let start = first; start <= last; start += CHUNK_MAX)
      yield { kind: 'rowid', first: start, last: Math.min(last, start + CHUNK_MAX - 1) };
  } else {
    if (lacksMore(database, main.lastSeq, index.searchedSeq, SEARCH_TAIL_MAX))
      throw new StoreUnavailable('index_behind', 'search is being filled');
    yield* indexMatches(database, query);
    yield* messagesAfter(database, index.searchedSeq);
  }
}

/**
 * The messages that the index names, in the order of their numbers. One pass: FTS5 does not seek to a rowid, so that a query for each
 * chunk would walk through all of them each time.
 */
function* indexMatches(database: DatabaseSync, query: string): Iterable<Candidates> {
  const rows = preparedArrays<[number]>(
    database,
    `SELECT rowid FROM ${INDEX}.texts WHERE texts MATCH ? ORDER BY rowid`,
  ).iterate(query);
  let seqs: number[] = [];
  let size = CHUNK_FIRST;
  for (const [seq] of rows) {
    seqs.push(seq);
    if (seqs.length < size) continue;
    yield { kind: 'numbers', seqs: JSON.stringify(seqs) };
    seqs = [];
    size = CHUNK_MAX;
  }
  if (seqs.length > 0) yield { kind: 'numbers', seqs: JSON.stringify(seqs) };
}

/** The messages after a number. Numbers that no message has are stepped over, however many they are. */
function* messagesAfter(database: DatabaseSync, seq: number): Iterable<Candidates> {
  const select = preparedArrays<[number | null, number | null]>(
    database,
    `SELECT min(seq), max(seq) FROM (SELECT seq FROM messages WHERE seq > ? ORDER BY seq LIMIT ${CHUNK_MAX})`,
  );
  for (let last = seq; ;) {
    const [first, next] = oneRow(select, last);
    if (first === null || next === null) return;
    yield { kind: 'seq', first, last: next };
    last = next;
  }
}

function shortest(lists: readonly IndexList[]): IndexList | undefined {
  return lists.toSorted((a, b) => a.count - b.count)[0];
}

/** The messages of a list. */
function* listedMessages(list: IndexList): Iterable<Candidates> {
  let chunk = list.seqsAfter(FIRST_KEY, CHUNK_FIRST);
  yield { kind: 'numbers', seqs: chunk.seqs };
  while (chunk.last !== null) {
    chunk = list.seqsAfter(chunk.last, CHUNK_MAX);
    yield { kind: 'numbers', seqs: chunk.seqs };
  }
}
