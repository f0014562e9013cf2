// A list as it is now: the index's, without what is removed, with the tail merged in where it belongs.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../file/keys.ts';
import type { IndexProgress } from '../index/state.ts';
import { IndexList } from '../index/index-list.ts';
import { Tail } from './tail.ts';

export class MergedList {
  readonly #list: IndexList;
  readonly #tail: Tail;
  readonly #removed: ReadonlySet<number>;

  /**
   * The list of a sender's messages, or of all where `from` is null. To be used inside the snapshot of `progress`.
   * Throws StoreUnavailable where the tail is too long to be merged.
   */
  constructor(database: DatabaseSync, progress: IndexProgress, from: string | null) {
    this.#list = new IndexList(database, from);
    this.#tail = new Tail(database, progress, from);
    this.#removed = new Set(this.#tail.removed.map(({ seq }) => seq));
  }

  /** How many messages come at the key or after it. */
  count(least: OrderKey = FIRST_KEY): number {
    const listed =
      least === FIRST_KEY
        ? this.#list.count - this.#removed.size
        : this.#list.count - this.#removed.size - this.#rank(least);
    return listed + this.#tail.count(least);
  }

  /** Up to `limit` entries after the key. */
  after(key: OrderKey, limit: number): Entry[] {
    const listed = this.#kept(this.#list.after(key, limit + this.#removed.size));
    return merge(listed, this.#tail.after(key, limit), compareOrder).slice(0, limit);
  }

  /** Up to `limit` entries before the key and not before `least`, in descending order. */
  before(key: OrderKey, limit: number, least: OrderKey = FIRST_KEY): Entry[] {
    const listed = this.#kept(this.#list.before(key, limit + this.#removed.size));
    return merge(listed, this.#tail.before(key, limit), (a, b) => compareOrder(b, a))
      .filter((entry) => compareOrder(entry, least) >= 0)
      .slice(0, limit);
  }

  /** Up to `limit` entries from the position `offset` on, counted from 0 at the key `least`. */
  at(offset: number, limit: number, least: OrderKey = FIRST_KEY): Entry[] {
    if (offset === 0) return this.after(least, limit);
    const skipped = this.#rank(least);
    const tail = this.#tail.after(least, -1);
    // How many of the tail come before the position: its entry j is at its rank among the listed ones, plus j.
    let low = 0;
    let high = tail.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const position = this.#rank(tail[middle] as Entry) - skipped + middle;
      if (position < offset) low = middle + 1;
      else high = middle;
    }
    const listed = this.#listedAt(skipped + offset - low, limit);
    return merge(listed, tail.slice(low, low + limit), compareOrder).slice(0, limit);
  }

  /** How many messages come before each of the instants, which are whole seconds in ascending order. */
  countsBefore(ends: readonly number[]): number[] {
    const tail = this.#tail.seconds();
    const removed = this.#tail.removed.map(({ seconds }) => seconds);
    const before = (sorted: readonly number[], end: number): number => {
      const position = sorted.findIndex((seconds) => seconds >= end);
      return position === -1 ? sorted.length : position;
    };
    return this.#list.countsBefore(ends).map((count, position) => {
      const end = ends[position] ?? 0;
      return count - before(removed, end) + before(tail, end);
    });
  }

  /** The first and the last entry; undefined where the list is empty. */
  ends(): { first: Entry | undefined; last: Entry | undefined } {
    return { first: this.after(FIRST_KEY, 1)[0], last: this.before(LAST_KEY, 1)[0] };
  }

  /** How many of the listed messages come before the key. */
  #rank(key: OrderKey): number {
    if (key === FIRST_KEY) return 0;
    const removed = this.#tail.removed.filter((entry) => compareOrder(entry, key) < 0).length;
    return this.#list.rank(key) - removed;
  }

  /** Listed entries from a position that does not count the removed ones. */
  #listedAt(rank: number, limit: number): Entry[] {
    let position = rank;
    for (const removed of this.#tail.removed) {
      if (this.#list.rank(removed) > position) break;
      position += 1;
    }
    return this.#kept(this.#list.at(position, limit + this.#removed.size)).slice(0, limit);
  }

  #kept(entries: Entry[]): Entry[] {
    if (this.#removed.size === 0) return entries;
    return entries.filter(({ seq }) => !this.#removed.has(seq));
  }
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
