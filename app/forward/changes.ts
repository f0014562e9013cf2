// What is to be made durable of a destination: gathered while the last of it is being stored.
import type { ForwardChange, ForwardPosition, Unfinished } from '../storage/store.ts';

export class Changes {
  #put = new Map<number, Unfinished>();
  #remove = new Set<number>();
  #release = new Set<string>();
  #wakeSinceMs: number | null = null;
  #delivered = 0;

  /** Whether rows of conversations are among them that `ForwardStore.held` does not know yet. */
  get hasRows(): boolean {
    return this.#put.size > 0;
  }

  get isEmpty(): boolean {
    return (
      this.#delivered === 0 &&
      !this.hasRows &&
      this.#remove.size === 0 &&
      this.#release.size === 0 &&
      this.#wakeSinceMs === null
    );
  }

  put(row: Unfinished): void {
    this.#remove.delete(row.seq);
    this.#put.set(row.seq, row);
  }

  /** An entry was delivered; `row` where it had one. */
  delivered(row: Unfinished | null): void {
    this.#delivered += 1;
    if (row !== null) this.remove(row);
  }

  /** The row is over, and the next of its conversation may go. */
  remove(row: Unfinished): void {
    this.#put.delete(row.seq);
    this.#remove.add(row.seq);
    this.release(row.conversation);
  }

  release(conversation: string | null): void {
    if (conversation !== null) this.#release.add(conversation);
  }

  /** What failed since then is due now. */
  wake(sinceMs: number): void {
    this.#wakeSinceMs = Math.min(sinceMs, this.#wakeSinceMs ?? sinceMs);
  }

  /** Returns everything gathered, and begins anew. */
  take(position: ForwardPosition, nowMs: number): ForwardChange {
    const change = {
      ...position,
      put: [...this.#put.values()],
      remove: [...this.#remove],
      release: [...this.#release],
      wakeSinceMs: this.#wakeSinceMs,
      delivered: this.#delivered,
      nowMs,
    };
    this.#put = new Map();
    this.#remove = new Set();
    this.#release = new Set();
    this.#wakeSinceMs = null;
    this.#delivered = 0;
    return change;
  }
}
