// The reader threads: pools for quick reads, for searches, and for the state of the store, none of which waits for another.
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadResults, ReaderRequest } from '../file/protocol.ts';
import type { Signals } from '../file/signals.ts';
import { type Admission, ReaderPool } from './reader-pool.ts';

/** Time limit of a read, with the wait for a thread. */
export const READ_TIMEOUT_MS = 10_000;
/** How often a search that is held checks whether it may begin. */
const HELD_POLL_MS = 20;

/** What a thread fills before its garbage is collected. V8 would take ten times as much, for results that are soon gone. */
const YOUNG_GENERATION_MIB = 6;

type StateKind = 'check' | 'gauges';
type ReadKind = Exclude<ReaderRequest['kind'], StateKind>;

export class Readers {
  readonly #quick: ReaderPool;
  /** A search may have to compare many messages: it has threads of its own, so that nothing else waits for it. */
  readonly #searches: ReaderPool;
  /** Probes and scrapes have a thread of their own: they get a reply however many reads wait. */
  readonly #state: ReaderPool;
  /** Queries about the state that have no thread yet. */
  readonly #stateWaiting = new Map<StateKind, Promise<unknown>>();

  /**
   * `threads` read lists and counts; half as many, at least one, search texts; one reads the state.
   */
  constructor(path: string, threads: number, signals: Signals) {
    const start = (): Worker => startReader(path, signals);
    this.#state = new ReaderPool(1, start);
    this.#quick = new ReaderPool(threads, start);
    this.#searches = new ReaderPool(
      Math.max(1, Math.floor(threads / 2)),
      start,
      searchAdmission(signals),
    );
  }

  /** Reads that wait for a thread. */
  get waiting(): number {
    return this.#quick.waiting + this.#searches.waiting;
  }

  /**
   * Reads messages. Rejects with StoreUnavailable when too many wait, when the query takes longer than
   * `timeoutMs` (its thread is ended and replaced), or when the database fails.
   */
  async read<K extends ReadKind>(
    request: Extract<ReaderRequest, { kind: K }>,
    timeoutMs: number,
  ): Promise<ReadResults[K]> {
    const pool = isSearch(request) ? this.#searches : this.#quick;
    return (await pool.run(request, timeoutMs)) as ReadResults[K];
  }

  /**
   * Reads the state of the store, as it is from now on. Callers share a query that has no thread yet, so that
   * with any number of callers at most two queries of a kind are pending. Rejects with StoreUnavailable.
   */
  async state<K extends StateKind>(kind: K, timeoutMs: number): Promise<ReadResults[K]> {
    let query = this.#stateWaiting.get(kind);
    if (query === undefined) {
      const begins = (): void => {
        if (this.#stateWaiting.get(kind) === query) this.#stateWaiting.delete(kind);
      };
      query = this.#state.run({ kind }, timeoutMs, begins).finally(begins);
      this.#stateWaiting.set(kind, query);
    }
    return (await query) as ReadResults[K];
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#searches.close(), this.#state.close()]);
  }
}

/**
 * While a WAL is long, new searches wait until the running ones have ended and it has restarted: where one search follows another
 * there is always a snapshot in the way of that.
 */
function searchAdmission(signals: Signals): Admission {
  return {
    enter: async (limit) => {
      while (signals.searchesHeld && !limit.aborted) await sleep(HELD_POLL_MS);
      signals.add('searchesActive', 1);
    },
    leave: () => signals.add('searchesActive', -1),
  };
}

function startReader(path: string, signals: Signals): Worker {
  return new Worker(new URL('./reader-thread.ts', import.meta.url), {
    workerData: { path, memory: signals.memory },
    name: 'read',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  });
}

function isSearch(request: ReaderRequest): boolean {
  return request.kind === 'page' && request.query.text !== null;
}
