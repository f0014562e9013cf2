// Finds the messages whose text holds a string: candidates out of an index or a scan, each of them looked at.
import type { DatabaseSync } from 'node:sqlite';
import type { MessageQuery } from '../../../model/page.ts';
import { counterReader } from '../counters.ts';
import { firstAfter } from '../gaps.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../ranks.ts';
import { readSenderTail } from '../sender-tail.ts';
import { preparedArrays } from '../statements.ts';
import { blocksIn } from './blocks.ts';
import { type Places, candidatesIn, searchBuckets } from './candidates.ts';
import { type Candidates, Look, type Stretch } from './look.ts';
import { Nearest } from './nearest.ts';

/** Entries that are held in memory at most. */
const KEPT_MAX = 100_000;
/** Messages looked at in one statement. The first are few: they fill the page, and what is known then makes the rest cheap. */
const LOOK_FIRST = 256;
const LOOK_MAX = 4_096;
/** Of a sender with no more messages than this, all are looked at; of another, those that the index names. */
const SENDER_MESSAGES_MAX = 16_384;

/** The stretch that `query` asks for, one longer where more follow, and how many match in all. */
export function searchEntries(
  database: DatabaseSync,
  query: MessageQuery,
  text: string,
): { entries: readonly Entry[]; total: number } {
  const { cursor, limit } = query;
  const look = new Look(database, query, text);
  const pass = (stretch: Stretch, skip: number): { entries: Entry[]; total: number } => {
    const nearest = new Nearest(
      Math.min(skip + limit + 1, KEPT_MAX),
      cursor?.direction === 'before',
    );
    const total = lookThrough(look, candidates(database, query, text), stretch, nearest);
    return { entries: nearest.take(), total };
  };
  if (cursor !== null) {
    const after = cursor.direction === 'after';
    return pass({ above: after ? cursor.key : FIRST_KEY, below: after ? LAST_KEY : cursor.key }, 0);
  }
  let skip = query.offset;
  const { entries: first, total } = pass({ above: FIRST_KEY, below: LAST_KEY }, skip);
  if (skip >= total) return { entries: [], total };
  let entries = first;
  // A place far down a long list of matches is reached in strides, so that memory stays bounded.
  while (skip + limit + 1 > KEPT_MAX) {
    const floor = entries.at(-1);
    if (entries.length < KEPT_MAX || floor === undefined) break;
    skip -= entries.length;
    entries = pass({ above: floor, below: LAST_KEY }, skip).entries;
  }
  return { entries: entries.slice(skip, skip + limit + 1), total };
}

/** Hands the matches inside the stretch to `nearest`, and gives how many match, inside of it or not. */
function lookThrough(
  look: Look,
  sources: Iterable<Candidates>,
  { above, below }: Stretch,
  nearest: Nearest,
): number {
  let total = 0;
  const add = (entries: readonly Entry[]): void => {
    total += entries.length;
    for (const entry of entries) nearest.add(entry, above, below);
  };
  for (const source of sources) {
    const wanted = nearest.narrow({ above, below });
    if (wanted === null) {
      add(look.entries(source));
      continue;
    }
    const { count, rest } = look.outside(source, wanted);
    total += count;
    if (rest.length > 0) add(look.entries({ kind: 'numbers', seqs: rest }));
  }
  return total;
}

/** Messages that may match, in parts, from the cheapest source: one sender's, those that the index names, or all. */
function* candidates(
  database: DatabaseSync,
  query: MessageQuery,
  text: string,
): Iterable<Candidates> {
  const counter = counterReader(database);
  const last = counter('last_seq');
  const sender = query.from === null ? null : senderOf(database, query.from);
  const buckets = searchBuckets(text);
  if (sender !== null && (buckets.length === 0 || sender.messages <= SENDER_MESSAGES_MAX)) {
    yield* inParts(ofSender(database, sender.id));
    const places = readSenderTail(database, query.from ?? '').map(({ seq }) => seq);
    yield* inParts([{ first: 0, places }]);
  } else if (buckets.length === 0) {
    const ends = preparedArrays(database, 'SELECT min(rowid), max(rowid) FROM messages').get();
    const [first, end] = ends as unknown as [number | null, number | null];
    if (first !== null && end !== null) yield* everyMessage(first, end);
  } else {
    yield* inParts(ofIndex(database, buckets));
    yield* unindexed(database, counter('searched_seq'), last);
  }
}

function senderOf(database: DatabaseSync, from: string): { id: number; messages: number } {
  const select = 'SELECT sender_id, messages FROM senders WHERE from_msisdn = ?';
  const row = preparedArrays(database, select).get(from) as unknown as [number, number] | undefined;
  return { id: row?.[0] ?? -1, messages: row?.[1] ?? 0 };
}

/** The messages that the index names, a block at a time. */
function* ofIndex(database: DatabaseSync, buckets: readonly number[]): Iterable<Places> {
  for (const block of blocksIn(database, 'ready')) yield candidatesIn(database, block, buckets);
}

/** One sender's messages that its order holds. */
function* ofSender(database: DatabaseSync, senderId: number): Iterable<Places> {
  const select = 'SELECT json_group_array(seq) FROM by_sender WHERE sender_id = ?';
  const [seqs] = preparedArrays(database, select).get(senderId) as unknown as [string];
  yield { first: 0, places: JSON.parse(seqs) as number[] };
}

function* inParts(lists: Iterable<Places>): Iterable<Candidates> {
  let most = LOOK_FIRST;
  for (const { first, places } of lists) {
    for (let at = 0; at < places.length;) {
      const length = Math.min(most, places.length - at);
      const seqs = Array.from({ length }, (_, index) => first + (places[at + index] as number));
      yield { kind: 'numbers', seqs };
      at += length;
      most = LOOK_MAX;
    }
  }
}

function* everyMessage(first: number, last: number): Iterable<Candidates> {
  for (let from = first; from <= last; from += LOOK_MAX)
    yield { kind: 'rowid', first: from, last: Math.min(last, from + LOOK_MAX - 1) };
}

/** The messages numbered above `above`, up to `last`, without the numbers that no message has. */
function* unindexed(database: DatabaseSync, above: number, last: number): Iterable<Candidates> {
  let from = firstAfter(database, above);
  while (from !== null && from <= last) {
    const end = Math.min(last, from + LOOK_MAX - 1);
    yield { kind: 'seq', first: from, last: end };
    from = firstAfter(database, end);
  }
}
