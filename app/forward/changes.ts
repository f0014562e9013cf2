// What is to be made durable of a destination: gathered while the last of it is being stored.
import type { ForwardChange, ForwardPosition, Unfinished } from '../storage/store.ts';

export class Changes {
  #put = new Map<number, Unfinished>();
  #remove = new Set<number>();
  #release = new Set<string>();
  #delivered = 0;

  get isEmpty(): boolean {
    return (
      this.#delivered === 0 &&
      this.#put.size === 0 &&
      this.#remove.size === 0 &&
      this.#release.size === 0
    );
  }

  put(row: Unfinished): void {
    this.#remove.delete(row.seq);
    this.#put.set(row.seq, row);
  }

  remove(seq: number): void {
    this.#put.delete(seq);
    this.#remove.add(seq);
  }

  /** The next of the conversation may go. */
  release(conversation: string): void {
    this.#release.add(conversation);
  }

  /** A request succeeded. */
  delivered(): void {
    this.#delivered += 1;
  }

  /** Returns everything gathered, and begins anew. `nowMs`: since 1970. */
  take(position: ForwardPosition, nowMs: number): ForwardChange {
    const change = {
      ...position,
      put: [...this.#put.values()],
      remove: [...this.#remove],
      release: [...this.#release],
      delivered: this.#delivered,
      nowMs,
    };
    this.#put = new Map();
    this.#remove = new Set();
    this.#release = new Set();
    this.#delivered = 0;
    return change;
  }
}
