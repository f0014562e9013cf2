// The pool of reader threads, with a bound on how many questions wait and on how long each may take.
import { Piscina } from 'piscina';
import { StoreUnavailable } from '../../store.ts';
import type { ReaderAnswers, ReaderRequest } from '../protocol.ts';
import { Turns } from './semaphore.ts';

const QUESTIONS_WAITING_MAX = 256;
/** What a thread fills before its garbage is collected. V8 would take ten times as much, for answers that are soon gone. */
const YOUNG_GENERATION_MIB = 6;

/** A search may have to look at many messages: it has threads of its own, so that nothing else waits for it. */
export class Readers {
  readonly #quick: Pool;
  readonly #searches: Pool;

  /**
   * `threads` answer what is answered from the orders and counts; half as many, at least one, search texts, each when the
   * gate is open.
   */
  constructor(path: string, threads: number, gate: SharedArrayBuffer) {
    this.#quick = new Pool(path, threads, null);
    this.#searches = new Pool(path, Math.max(1, Math.floor(threads / 2)), gate);
  }

  /** Questions that wait for a thread. */
  get waiting(): number {
    return this.#quick.waiting + this.#searches.waiting;
  }

  /**
   * Asks one question. Rejects with StoreUnavailable when too many wait, when the answer takes longer than
   * `timeoutMs` (its thread is ended and replaced), or when the database does not answer.
   */
  async ask<K extends ReaderRequest['kind']>(
    request: Extract<ReaderRequest, { kind: K }>,
    timeoutMs: number,
  ): Promise<ReaderAnswers[K]> {
    const pool = isSearch(request) ? this.#searches : this.#quick;
    // Not AbortSignal.timeout: its timer would outlive the answer, and thousands of them would wait for their time.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    try {
      return (await pool.ask(request, limit.signal)) as ReaderAnswers[K];
    } catch (error) {
      throw new StoreUnavailable(`${request.kind}: ${(error as Error).message}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#searches.close()]);
  }
}

/** Piscina's own queue, for tasks with a time limit, has neither a bound nor an order: it is never given more than it has threads. */
class Pool {
  readonly #threads: Piscina;
  readonly #turns: Turns;
  #closed = false;

  constructor(path: string, threads: number, gate: SharedArrayBuffer | null) {
    this.#threads = openThreads(path, threads, gate);
    this.#turns = new Turns(threads, QUESTIONS_WAITING_MAX);
  }

  get waiting(): number {
    return this.#turns.waiting;
  }

  async ask(request: ReaderRequest, limit: AbortSignal): Promise<unknown> {
    await this.#turns.take(limit);
    try {
      if (this.#closed) throw new Error('the store is closing');
      return await this.#threads.run(request, { signal: limit });
    } finally {
      this.#turns.done();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#threads.destroy();
  }
}

function openThreads(path: string, threads: number, gate: SharedArrayBuffer | null): Piscina {
  return new Piscina({
    filename: new URL('./reader-thread.ts', import.meta.url).href,
    name: 'read',
    workerData: { path, gate },
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    // Threads that sleep on a shared counter between questions took 0.1 to 0.2 ms longer to answer than those that wait for a message.
    atomics: 'disabled',
    recordTiming: false,
  });
}

function isSearch(request: ReaderRequest): boolean {
  return request.kind === 'page' && request.query.text !== null;
}
