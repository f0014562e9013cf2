// The entries between the durable position and what has been read: which of them are settled.
import type { ForwardPosition } from '../storage/store.ts';
import type { Task } from './task-queue.ts';

export class Window {
  /** Everything up to this number has been read. */
  #readUpTo: number;
  /** What was read and is not settled, by number, in order. */
  readonly #open = new Map<number, Task>();
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

  /** How many are finished of those behind the first that is not. */
  get finishedCount(): number {
    return this.#finished.size;
  }

  /** The first entry that is not settled. */
  get first(): Task | undefined {
    return this.#open.values().next().value;
  }

  /** Whether the entry was finished before the process started. */
  isFinished(seq: number): boolean {
    return this.#finished.has(seq);
  }

  /** Wanted entries were read, in order, and everything up to `end`. */
  read(tasks: readonly Task[], end: number): void {
    for (const task of tasks) this.#open.set(task.entry.seq, task);
    this.#readUpTo = end;
  }

  /** The entry is finished, or has a row of its own. Without effect on one that was not open. */
  settle(seq: number): void {
    if (this.#open.delete(seq)) this.#finished.add(seq);
  }

  /** What is to be made durable. */
  get position(): ForwardPosition {
    const { first } = this;
    const position = first === undefined ? this.#readUpTo : first.entry.seq - 1;
    for (const seq of this.#finished) if (seq <= position) this.#finished.delete(seq);
    return { position, finished: [...this.#finished] };
  }
}
