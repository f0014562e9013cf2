// The messages that are to be compared with a search, in chunks: those of a list, those that the index names, or all.
import type { DatabaseSync } from 'node:sqlite';
import type { MessageQuery } from '../../../model/page.ts';
import { StoreUnavailable } from '../../store.ts';
import { FIRST_KEY } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { candidateQuery } from '../index/folding.ts';
import { IndexList } from '../index/index-list.ts';
import { INDEX } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';
import { lacksMore } from './tail.ts';
import type { Candidates } from './text-matcher.ts';

/** Messages compared in one statement. The first are few: they fill the page, and what is known then makes the rest cheap. */
const CHUNK_FIRST = 256;
const CHUNK_MAX = 4_096;
/** A chunk of messages that the index names is dense where it lies among so many times as many: to compare all costs less then. */
const DENSE_SPAN = 6;
/** Chunks of which all are compared after the first dense one: about 0.03 s. */
const SCANNED_CHUNKS_FIRST = 16;
/** After each further one, so many times as many: to come to the next, FTS5 walks through all before it. */
const SCANNED_GROWTH = 16;
/** Of a list with no more messages than this, all are compared; of another, those that the index names. */
const LIST_MESSAGES_MAX = 16_384;
/** Search may lack so many messages (about 0.1 s of comparing); beyond, a read is refused. */
const SEARCH_TAIL_MAX = 262_144;

/**
 * Messages that may match, in chunks, from where they are the fewest: a sender's or a source's, those that the index names, or all. They
 * come about in the order in which they are read, as most messages arrive in that of their instants: the first of them fill
 * the page, and the others need only be counted.
 */
export function* candidateBatches(
  database: DatabaseSync,
  { index, main }: IndexProgress,
  { from, source, text }: MessageQuery,
  ascending: boolean,
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
    yield* messagesWithin(database, rangeAfter(index.listedSeq, main.lastSeq), ascending);
  } else if (query === null) {
    yield* allMessages(database, ascending);
  } else {
    if (lacksMore(database, main.lastSeq, index.searchedSeq, SEARCH_TAIL_MAX))
      throw new StoreUnavailable('index_behind', 'search is being filled');
    const tail = rangeAfter(index.searchedSeq, main.lastSeq);
    if (!ascending) yield* messagesWithin(database, tail, ascending);
    yield* indexedMessages(database, query, index.searchedSeq, ascending);
    if (ascending) yield* messagesWithin(database, tail, ascending);
  }
}

/** All messages, in the order of the file. */
function* allMessages(database: DatabaseSync, ascending: boolean): Iterable<Candidates> {
  // Both in one SELECT would be found by a scan.
  const [first, last] = oneRow(
    preparedArrays<[number | null, number | null]>(
      database,
      'SELECT (SELECT min(rowid) FROM messages), (SELECT max(rowid) FROM messages)',
    ),
  );
  if (first === null || last === null) return;
  for (let passed = 0; passed <= last - first; passed += CHUNK_MAX) {
    const start = ascending ? first + passed : Math.max(first, last - passed - CHUNK_MAX + 1);
    yield {
      kind: 'rowid',
      first: start,
      last: Math.min(last - (ascending ? 0 : passed), start + CHUNK_MAX - 1),
    };
  }
}

/** Sequence numbers, without the two ends. */
interface SeqRange {
  readonly above: number;
  readonly below: number;
}

function rangeAfter(seq: number, lastSeq: number): SeqRange {
  return { above: seq, below: lastSeq + 1 };
}

/** What is left of a range that is read up to a number. */
function restOf(range: SeqRange, seq: number, ascending: boolean): SeqRange {
  return ascending ? { ...range, above: seq } : { ...range, below: seq };
}

/**
 * The messages up to a number that the index names. Where it names many of those that follow one another, all of them are read instead
 * for a while, longer each time: that costs less than to take those that it names one by one.
 */
function* indexedMessages(
  database: DatabaseSync,
  query: string,
  lastSeq: number,
  ascending: boolean,
): Iterable<Candidates> {
  let rest: SeqRange | null = rangeAfter(0, lastSeq);
  for (let chunks = SCANNED_CHUNKS_FIRST; ; chunks *= SCANNED_GROWTH) {
    rest = yield* sparseMatches(database, query, rest, ascending);
    if (rest === null) return;
    rest = yield* messagesWithin(database, rest, ascending, chunks);
    if (rest === null) return;
  }
}

/**
 * The messages of a range that the index names, in the order of their numbers, up to a chunk that is dense; returns what is left
 * of the range then. One pass: FTS5 does not seek to a rowid, so that a query for each chunk would walk through all of them each time.
 */
function* sparseMatches(
  database: DatabaseSync,
  query: string,
  range: SeqRange,
  ascending: boolean,
): Generator<Candidates, SeqRange | null> {
  const rows = preparedArrays<[number]>(
    database,
    `SELECT rowid FROM ${INDEX}.texts WHERE texts MATCH ? AND rowid > ? AND rowid < ?
     ORDER BY rowid ${ascending ? '' : 'DESC'}`,
  ).iterate(query, range.above, range.below);
  let seqs: number[] = [];
  let size = CHUNK_FIRST;
  for (const [seq] of rows) {
    seqs.push(seq);
    if (seqs.length < size) continue;
    yield { kind: 'numbers', seqs: JSON.stringify(seqs) };
    const span = Math.abs(seq - (seqs[0] ?? seq));
    if (size === CHUNK_MAX && span < CHUNK_MAX * DENSE_SPAN) return restOf(range, seq, ascending);
    seqs = [];
    size = CHUNK_MAX;
  }
  if (seqs.length > 0) yield { kind: 'numbers', seqs: JSON.stringify(seqs) };
  return null;
}

/**
 * The messages of a range, in so many chunks at most; returns what is left of it then, null where nothing is. Numbers that no message has
 * are stepped over, however many they are.
 */
function* messagesWithin(
  database: DatabaseSync,
  range: SeqRange,
  ascending: boolean,
  chunks = Infinity,
): Generator<Candidates, SeqRange | null> {
  const select = preparedArrays<[number | null, number | null]>(
    database,
    `SELECT min(seq), max(seq) FROM (
       SELECT seq FROM messages WHERE seq > ? AND seq < ? ORDER BY seq ${ascending ? '' : 'DESC'} LIMIT ${CHUNK_MAX})`,
  );
  let rest = range;
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const [first, last] = oneRow(select, rest.above, rest.below);
    if (first === null || last === null) return null;
    yield { kind: 'seq', first, last };
    rest = restOf(rest, ascending ? last : first, ascending);
  }
  return rest;
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
