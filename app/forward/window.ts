// The entries between the durable position and what has been read: which of them are settled.
import type { ForwardPosition } from '../storage/store.ts';

export class Window {
  /** Everything up to this number has been read. */
  #readUpTo: number;
  /** Numbers that were read and are not settled, in order. */
  readonly #open = new Set<number>();
  /** Finished numbers above the position. */
  readonly #finished: Set<number>;

  constructor({ position, finished }: ForwardPosition) {
    this.#readUpTo = position;
    this.#finished = new Set(finished);
  }

  get readUpTo(): number {
    return this.#readUpTo;
  }

  /** How many entries were read and are not settled. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether the entry was finished before the process started. */
  isFinished(seq: number): boolean {
    return this.#finished.has(seq);
  }

  /** Wanted entries were read, in order, and everything up to `end`. */
  read(seqs: readonly number[], end: number): void {
    for (const seq of seqs) this.#open.add(seq);
    this.#readUpTo = end;
  }

  /** The entry is finished, or has a row of its own. */
  settle(seq: number): void {
    if (this.#open.delete(seq)) this.#finished.add(seq);
  }

  /** What is to be made durable. */
  get position(): ForwardPosition {
    // A set keeps the order in which numbers were read.
    const [first] = this.#open;
    const position = first === undefined ? this.#readUpTo : first - 1;
    for (const seq of this.#finished) if (seq <= position) this.#finished.delete(seq);
    return { position, finished: [...this.#finished] };
  }
}
