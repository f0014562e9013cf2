// The pool of reader threads, with a bound on how many questions wait and on how long each may take.
import { Piscina } from 'piscina';
import { StoreUnavailable } from '../../model/store.ts';
import type { ReaderAnswers, ReaderRequest } from './protocol.ts';

const QUESTIONS_WAITING_MAX = 256;

/** A search may have to look at many messages: it has threads of its own, so that nothing else waits for it. */
export class Readers {
  readonly #quick: Piscina;
  readonly #searches: Piscina;

  /** `threads` answer what is answered from the orders and counts; half as many, at least one, search texts. */
  constructor(path: string, threads: number) {
    this.#quick = openPool(path, threads);
    this.#searches = openPool(path, Math.max(1, Math.floor(threads / 2)));
  }

  /** Questions that wait for a thread. */
  get waiting(): number {
    return this.#quick.queueSize + this.#searches.queueSize;
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
    try {
      return (await pool.run(request, {
        signal: AbortSignal.timeout(timeoutMs),
      })) as ReaderAnswers[K];
    } catch (error) {
      throw new StoreUnavailable(`${request.kind}: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.destroy(), this.#searches.destroy()]);
  }
}

function openPool(path: string, threads: number): Piscina {
  return new Piscina({
    filename: new URL('./reader-thread.ts', import.meta.url).href,
    name: 'read',
    workerData: { path },
    minThreads: threads,
    maxThreads: threads,
    maxQueue: QUESTIONS_WAITING_MAX,
  });
}

function isSearch(request: ReaderRequest): boolean {
  return request.kind === 'page' && request.query.text !== null;
}
