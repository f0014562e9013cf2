// Finds messages by what no list is kept of, such as a string in the text: candidates out of the index or a scan, each compared.
import type { DatabaseSync } from 'node:sqlite';
import type { MessageQuery } from '../../../model/page.ts';
import { directionOf } from '../../range.ts';
import type { OrderKey } from '../../../model/order.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../file/keys.ts';
import type { IndexProgress } from '../index/state.ts';
import { candidateBatches } from './candidates.ts';
import { type Candidates, type KeyRange, TextMatcher } from './text-matcher.ts';
import { TopEntries } from './top-entries.ts';

/** Entries of a page, one more than asked for where others follow; backward pages in descending order. */
export interface Slice {
  readonly entries: readonly Entry[];
  readonly total: number;
}

/** Entries that are held in memory at most. */
const KEPT_MAX = 100_000;

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
    const batches = candidateBatches(database, progress, query, ascending);
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
