// Memory shared by the threads of the engine: the progress of each, so that no thread has to query another.

/** Cells, each a signed 64-bit integer. */
const CELLS = {
  /** The last sequence number committed by this process: the indexer waits for it to change. */
  committedSeq: 0,
  /** The sequence number up to which the lists are filled. */
  listedSeq: 1,
  /** 1 once the indexer has caught up, until it fails or reopens the index: only then does the writer wait for it. */
  following: 2,
  /** The number of the last removal that the index has followed. */
  followedRemoval: 3,
  /** Counts index files that were opened for writing: a reader opens a new connection when it changes, and uses no index before the first. */
  generation: 4,
  /** The generation of the index that a reader found damaged. */
  damaged: 5,
  /** Until when no new search begins (`monotonicMs`), so that the WAL of the database, or of the index, can restart. */
  searchesHeldUntil: 6,
  indexHoldsSearchesUntil: 7,
  /** Searches that are running. */
  searchesActive: 8,
  /** 1 when the indexer is to end. */
  closing: 9,
} as const;

type Cell = keyof typeof CELLS;

/** A hold expires, so that a thread that hangs, or is idle, holds nothing. */
const HOLD_MS = 1_000;

/** One clock for all threads of the process, in milliseconds. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** One view of the memory; each thread makes its own. */
export class Signals {
  /** To be passed to a worker thread, and there to the constructor. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(
    memory = new SharedArrayBuffer(Object.keys(CELLS).length * BigInt64Array.BYTES_PER_ELEMENT),
  ) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  get(cell: Cell): number {
    return Number(Atomics.load(this.#cells, CELLS[cell]));
  }

  set(cell: Cell, value: number): void {
    Atomics.store(this.#cells, CELLS[cell], BigInt(value));
    Atomics.notify(this.#cells, CELLS[cell]);
  }

  add(cell: Cell, value: number): void {
    Atomics.add(this.#cells, CELLS[cell], BigInt(value));
    Atomics.notify(this.#cells, CELLS[cell]);
  }

  /** Blocks this thread until the cell no longer has the value, `timeoutMs` at most. */
  waitWhile(cell: Cell, value: number, timeoutMs: number): void {
    Atomics.wait(this.#cells, CELLS[cell], BigInt(value), timeoutMs);
  }

  /** Holds new searches for a second. */
  holdSearches(cell: 'searchesHeldUntil' | 'indexHoldsSearchesUntil'): void {
    this.set(cell, monotonicMs() + HOLD_MS);
  }

  /** Whether searches are held now. */
  get searchesHeld(): boolean {
    const until = Math.max(this.get('searchesHeldUntil'), this.get('indexHoldsSearchesUntil'));
    return until > 0 && until > monotonicMs();
  }
}
