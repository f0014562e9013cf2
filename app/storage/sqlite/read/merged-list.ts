// A list as it is now: the index's, without what is removed, with the tail merged in where it belongs.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../file/keys.ts';
import type { IndexProgress } from '../index/state.ts';
import { IndexList } from '../index/index-list.ts';
import { Tail } from './tail.ts';

export class MergedList {
  /** What the index lacks of it. */
  readonly tail: Tail;
  readonly #list: IndexList;
  readonly #removed: ReadonlySet<number>;

  /**
   * The list of a sender's messages, or of a source's, or of all where both are null; not both are given. To be used inside the snapshot of
   * `progress`. Throws StoreUnavailable where the tail is too long to be merged.
   */
  constructor(
    database: DatabaseSync,
    progress: IndexProgress,
    from: string | null,
    source: string | null = null,
  ) {
    this.#list = new IndexList(database, from, source);
    this.tail = new Tail(database, progress, from, source);
    this.#removed = new Set(this.tail.removed.map(({ seq }) => seq));
  }

  /** How many messages come at the key or after it, and before `end`. */
  count(least: OrderKey, end: OrderKey = LAST_KEY): number {
    return this.#rank(end) - this.#rank(least) + this.tail.count(least, end);
  }

  /** Up to `limit` entries after the key. */
  after(key: OrderKey, limit: number): Entry[] {
    const listed = this.#kept(this.#list.after(key, limit + this.#removed.size));
    return merge(listed, this.tail.after(key, limit), compareOrder).slice(0, limit);
  }

  /** Up to `limit` entries before the key and not before `least`, in descending order. */
  before(key: OrderKey, limit: number, least: OrderKey = FIRST_KEY): Entry[] {
    const listed = this.#kept(this.#list.before(key, limit + this.#removed.size));
    return merge(listed, this.tail.before(key, limit), (a, b) => compareOrder(b, a))
      .filter((entry) => compareOrder(entry, least) >= 0)
      .slice(0, limit);
  }

  /** Up to `limit` entries from the position `offset` on, counted from 0 at the key `least`. */
  at(offset: number, limit: number, least: OrderKey = FIRST_KEY): Entry[] {
    if (offset === 0) return this.after(least, limit);
    const skipped = this.#rank(least);
    const tail = this.tail.after(least, -1);
    // Entry j of the tail is at its rank among the listed ones, plus j.
    const passed = countBefore(tail, (entry, j) => this.#rank(entry) - skipped + j < offset);
    const listed = this.#listedAt(skipped + offset - passed, limit);
    return merge(listed, tail.slice(passed, passed + limit), compareOrder).slice(0, limit);
  }

  /** How many messages come before each of the instants, which are whole seconds in ascending order. */
  countsBefore(ends: readonly number[]): number[] {
    const tail = this.tail.seconds();
    return this.#list.countsBefore(ends).map((count, position) => {
      const end = ends[position] ?? 0;
      const removed = countBefore(this.tail.removed, ({ seconds }) => seconds < end);
      return count - removed + countBefore(tail, (seconds) => seconds < end);
    });
  }

  /** The first and the last entry; undefined where the list is empty. */
  ends(): { first: Entry | undefined; last: Entry | undefined } {
    return { first: this.after(FIRST_KEY, 1)[0], last: this.before(LAST_KEY, 1)[0] };
  }

  /** How many of the listed messages come before the key. */
  #rank(key: OrderKey): number {
    if (key === FIRST_KEY) return 0;
    if (key === LAST_KEY) return this.#list.count - this.#removed.size;
    const removed = countBefore(this.tail.removed, (entry) => compareOrder(entry, key) < 0);
    return this.#list.rank(key) - removed;
  }

  /** Listed entries from a position that does not count the removed ones. */
  #listedAt(rank: number, limit: number): Entry[] {
    // Removal j comes after as many kept entries as its rank in the index, less j.
    const passed = countBefore(this.tail.removed, (entry, j) => this.#list.rank(entry) - j <= rank);
    return this.#kept(this.#list.at(rank + passed, limit + this.#removed.size)).slice(0, limit);
  }

  #kept(entries: Entry[]): Entry[] {
    if (this.#removed.size === 0) return entries;
    return entries.filter(({ seq }) => !this.#removed.has(seq));
  }
}

/** How many items of a sorted list come before a point, by bisection. `isBefore` holds for those, and for none after them. */
function countBefore<T>(
  sorted: readonly T[],
  isBefore: (item: T, index: number) => boolean,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as T, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Two sorted lists as one. */
function merge(
  a: readonly Entry[],
  b: readonly Entry[],
  compare: (x: Entry, y: Entry) => number,
): readonly Entry[] {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...a, ...b].toSorted(compare);
}
