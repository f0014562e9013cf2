// A pool of reader threads: each answers one query at a time, and is replaced when it is over its time.
import type { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../store.ts';
import type { ReaderAnswers, ReaderReply, ReaderRequest } from '../file/protocol.ts';
import { Semaphore } from './semaphore.ts';

const QUERIES_WAITING_MAX = 256;

type Answer = ReaderAnswers[ReaderRequest['kind']];

export class ReaderPool {
  readonly #places: Semaphore;
  readonly #idle: ReaderThread[];
  readonly #threads: readonly ReaderThread[];
  #closed = false;

  readonly #admission: Admission | null;

  /** `start` starts a thread of `reader-thread.ts`. `admission` is asked before each query that has a thread. */
  constructor(threads: number, start: () => Worker, admission: Admission | null = null) {
    this.#admission = admission;
    this.#places = new Semaphore(threads, QUERIES_WAITING_MAX);
    this.#threads = Array.from({ length: threads }, () => new ReaderThread(start));
    this.#idle = [...this.#threads];
  }

  /** Queries that wait for a thread. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /**
   * Runs one query; `begins` is called when it has a thread, never before this returns. Rejects with StoreUnavailable
   * when too many wait, when it takes longer than `timeoutMs` in all, or when the database does not answer.
   */
  async ask(request: ReaderRequest, timeoutMs: number, begins?: () => void): Promise<Answer> {
    // Not AbortSignal.timeout: its timer would outlive the answer, and thousands of them would wait for their time.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    try {
      await this.#places.acquire(limit.signal);
      begins?.();
      return await this.#askNext(request, limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the threads, with whatever they are at. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #askNext(request: ReaderRequest, limit: AbortSignal): Promise<Answer> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error('a place without a thread');
    if (this.#admission !== null) await this.#admission.enter(limit);
    const leave = (): void => {
      this.#admission?.leave();
      this.#release(thread);
    };
    if (this.#closed || limit.aborted) {
      leave();
      throw this.#closed
        ? new StoreUnavailable('shutting_down', 'the store is closing')
        : new StoreUnavailable('timeout', 'held for a write-ahead log to start over');
    }
    return thread.ask(request, limit, leave);
  }

  #release(thread: ReaderThread): void {
    this.#idle.push(thread);
    this.#places.release();
  }
}

/** A rule for when a query may begin. */
export interface Admission {
  /** Resolves when it may begin, or `limit` aborts. A `leave` follows in any case. */
  enter(limit: AbortSignal): Promise<void>;
  leave(): void;
}

/** A query that is being answered. */
interface Query {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: StoreUnavailable) => void;
  /** Called once, when the thread can take another query. */
  readonly release: () => void;
}

/** The place of one thread. It is started again only once it has ended, so there are never more threads than places. */
class ReaderThread {
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  #query: Query | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(start: () => Worker) {
    this.#start = start;
    this.#running();
  }

  async ask(request: ReaderRequest, limit: AbortSignal, release: () => void): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#query = { resolve, reject, release };
    const worker = this.#running();
    const giveUp = (): void => {
      reject(new StoreUnavailable('timeout', `${request.kind}: no answer in time`));
      // An answer that is on its way comes too late: this thread takes no other query.
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

  /** The thread, started anew where it has ended. */
  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.on('message', (reply: ReaderReply) => this.#answered(reply));
    worker.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error(String(error));
    });
    worker.once('exit', () => this.#ended());
    this.#worker = worker;
    return worker;
  }

  #answered(reply: ReaderReply): void {
    const query = this.#query;
    this.#query = null;
    if ('answer' in reply) query?.resolve(reply.answer);
    else query?.reject(new StoreUnavailable(reply.failure.reason, reply.failure.message));
    query?.release();
  }

  /** Over its time, or broken, or the pool closes. One that ends without a query is started again with the next one. */
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
