// A pool of reader threads: each is started by its first query, runs one at a time, and is replaced when it exceeds its time limit.
import type { Worker } from 'node:worker_threads';
import { Semaphore } from '../../semaphore.ts';
import { StoreUnavailable } from '../../store.ts';
import type { ReadResults, ReaderReply, ReaderRequest } from '../file/protocol.ts';

const QUERIES_WAITING_MAX = 256;

type ReadResult = ReadResults[ReaderRequest['kind']];

export class ReaderPool {
  readonly #slots: Semaphore;
  readonly #idle: ReaderThread[];
  readonly #threads: readonly ReaderThread[];
  readonly #admission: Admission | null;
  #closed = false;

  /** `start` starts a thread of `reader-thread.ts`. `admission` decides when a query that has a thread may begin. */
  constructor(threads: number, start: () => Worker, admission: Admission | null = null) {
    this.#admission = admission;
    this.#slots = new Semaphore(threads, QUERIES_WAITING_MAX);
    this.#threads = Array.from({ length: threads }, () => new ReaderThread(start));
    this.#idle = [...this.#threads];
  }

  /** Queries that wait for a thread. */
  get waiting(): number {
    return this.#slots.waiting;
  }

  /**
   * Runs one query; `begins` is called when it has a thread, never before this returns. Rejects with StoreUnavailable
   * when too many wait, when it takes longer than `timeoutMs` in all, or when the database fails.
   */
  async run(request: ReaderRequest, timeoutMs: number, begins?: () => void): Promise<ReadResult> {
    // Not AbortSignal.timeout: its timer would outlive the query, and thousands of them would accumulate.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    try {
      await this.#slots.acquire(limit.signal);
      begins?.();
      return await this.#runOnIdleThread(request, limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Terminates the threads, also in the middle of a query. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #runOnIdleThread(request: ReaderRequest, limit: AbortSignal): Promise<ReadResult> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error('a slot without a thread');
    if (this.#admission !== null) await this.#admission.enter(limit);
    const leave = (): void => {
      this.#admission?.leave();
      this.#release(thread);
    };
    if (this.#closed || limit.aborted) {
      leave();
      throw this.#closed
        ? new StoreUnavailable('shutting_down', 'the store is closing')
        : new StoreUnavailable('timeout', 'held for a write-ahead log to restart');
    }
    return thread.run(request, limit, leave);
  }

  #release(thread: ReaderThread): void {
    this.#idle.push(thread);
    this.#slots.release();
  }
}

/** A rule for when a query may begin. */
export interface Admission {
  /** Resolves when it may begin, or `limit` aborts. A `leave` follows in any case. */
  enter(limit: AbortSignal): Promise<void>;
  leave(): void;
}

/** A query that is running. */
interface Query {
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: StoreUnavailable) => void;
  /** Called once, when the thread can take another query. */
  readonly release: () => void;
}

/** The slot of one thread. It is started again only once it has ended, so there are never more threads than slots. */
class ReaderThread {
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  #query: Query | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  async run(request: ReaderRequest, limit: AbortSignal, release: () => void): Promise<ReadResult> {
    const { promise, resolve, reject } = Promise.withResolvers<ReadResult>();
    this.#query = { resolve, reject, release };
    const worker = this.#running();
    const giveUp = (): void => {
      reject(new StoreUnavailable('timeout', `${request.kind}: no result in time`));
      // A result that arrives now is too late, and the thread takes no other query.
      worker.removeAllListeners('message');
      void worker.terminate();
    };
    limit.addEventListener('abort', giveUp, { once: true });
    worker.postMessage(request);
    try {
      return await promise;
    } finally {
      limit.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  /** Returns the thread; starts a new one where it has ended. */
  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.on('message', (reply: ReaderReply) => this.#received(reply));
    worker.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
    });
    worker.once('exit', () => this.#ended());
    this.#worker = worker;
    return worker;
  }

  #received(reply: ReaderReply): void {
    const query = this.#query;
    this.#query = null;
    if ('result' in reply) query?.resolve(reply.result);
    else query?.reject(new StoreUnavailable(reply.failure.reason, reply.failure.message));
    query?.release();
  }

  /** It exceeded its time limit, or crashed, or the pool closes. One that ends without a query is started again with the next one. */
  #ended(): void {
    const query = this.#query;
    this.#worker = null;
    this.#query = null;
    const message = this.#error?.message ?? 'the reader thread ended';
    this.#error = null;
    if (query === null) return;
    query.reject(new StoreUnavailable(this.#closed ? 'shutting_down' : 'other', message));
    if (!this.#closed) this.#running();
    query.release();
  }
}
