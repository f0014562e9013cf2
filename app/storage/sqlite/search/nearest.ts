// Keeps the first entries of a list that arrives in no order, in memory bounded by how many are wanted.
import { compareOrder } from '../../../model/order.ts';
import type { Entry } from '../ranks.ts';

/** Entries beyond the wanted ones that are held before the list is cut. */
const SLACK = 1_024;

export class Nearest {
  readonly #count: number;
  readonly #compare: (a: Entry, b: Entry) => number;
  #entries: Entry[] = [];

  /** Keeps the first `count` entries by the order of messages, or the last ones where `descending`. */
  constructor(count: number, descending: boolean) {
    this.#count = count;
    this.#compare = descending ? (a, b) => compareOrder(b, a) : compareOrder;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#count + SLACK) this.#cut();
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
