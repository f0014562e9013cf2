// The first entries of a list that arrives in no order, in memory bounded by how many are wanted.
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { Entry } from '../file/keys.ts';
import type { KeyRange } from './text-matcher.ts';

/** Entries beyond the wanted ones that are held before the list is cut. */
const SLACK = 1_024;

export class TopEntries {
  readonly #count: number;
  readonly #descending: boolean;
  readonly #compare: (a: Entry, b: Entry) => number;
  #entries: Entry[] = [];

  /** Keeps the first `count` entries by the order of messages, or the last ones where `descending`. */
  constructor(count: number, descending: boolean) {
    this.#count = count;
    this.#descending = descending;
    this.#compare = descending ? (a, b) => compareOrder(b, a) : compareOrder;
  }

  /** Takes an entry between the two keys; any other is left out. */
  add(entry: Entry, above: OrderKey, below: OrderKey): void {
    if (compareOrder(entry, above) <= 0 || compareOrder(entry, below) >= 0) return;
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#count + SLACK) this.#cut();
  }

  /** The part of the range in which an entry may still be wanted; null while any may be, as too few are here. */
  narrow({ above, below }: KeyRange): KeyRange | null {
    if (this.#entries.length < this.#count) return null;
    this.#cut();
    const last = this.#entries.at(-1);
    if (last === undefined) return null;
    return this.#descending ? { above: last, below } : { above, below: last };
  }

  /** The kept entries, in order. */
  take(): Entry[] {
    this.#cut();
    return this.#entries;
  }

  #cut(): void {
    this.#entries = this.#entries.toSorted(this.#compare).slice(0, this.#count);
  }
}
