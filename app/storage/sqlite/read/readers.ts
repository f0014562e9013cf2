// The reader threads: pools for quick reads, for searches, and for the state of the store, none of which waits for another.
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReaderAnswers, ReaderRequest } from '../file/protocol.ts';
import type { Signals } from '../file/signals.ts';
import { type Admission, ReaderPool } from './reader-pool.ts';

/** How often a search that is held looks whether it may begin. */
const HELD_POLL_MS = 20;

/** What a thread fills before its garbage is collected. V8 would take ten times as much, for answers that are soon gone. */
const YOUNG_GENERATION_MIB = 6;

type ReadKind = 'page' | 'stats' | 'timeline' | 'after';
type StateKind = Exclude<ReaderRequest['kind'], ReadKind>;

export class Readers {
  readonly #quick: ReaderPool;
  /** A search may have to look at many messages: it has threads of its own, so that nothing else waits for it. */
  readonly #searches: ReaderPool;
  /** Probes and scrapes must say how things are, however many read. */
  readonly #state: ReaderPool;
  /** Queries about the state that have no thread yet. */
  readonly #stateWaiting = new Map<StateKind, Promise<unknown>>();

  /**
   * `threads` answer what is answered from lists and counts; half as many, at least one, search texts; one tells the state.
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
   * Reads messages. Rejects with StoreUnavailable when too many wait, when the answer takes longer than
   * `timeoutMs` (its thread is ended and replaced), or when the database does not answer.
   */
  async read<K extends ReadKind>(
    request: Extract<ReaderRequest, { kind: K }>,
    timeoutMs: number,
  ): Promise<ReaderAnswers[K]> {
    const pool = isSearch(request) ? this.#searches : this.#quick;
    return (await pool.ask(request, timeoutMs)) as ReaderAnswers[K];
  }

  /**
   * Asks about the state of the store, as it is from now on. Callers share a question that has no thread yet, so that
   * however many ask, two questions of a kind are under way. Rejects with StoreUnavailable.
   */
  async state<K extends StateKind>(kind: K, timeoutMs: number): Promise<ReaderAnswers[K]> {
    let asked = this.#stateWaiting.get(kind);
    if (asked === undefined) {
      const begins = (): void => {
        if (this.#stateWaiting.get(kind) === asked) this.#stateWaiting.delete(kind);
      };
      asked = this.#state.ask({ kind }, timeoutMs, begins).finally(begins);
      this.#stateWaiting.set(kind, asked);
    }
    return (await asked) as ReaderAnswers[K];
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#searches.close(), this.#state.close()]);
  }
}

/**
 * While a WAL is long, new searches wait until those at work have ended and it has started over: where one search follows another
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
