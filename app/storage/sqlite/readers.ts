// The pool of reader threads, with a bound on how many questions wait and on how long each may take.
import { Piscina } from 'piscina';
import { StoreUnavailable } from '../../model/store.ts';
import type { ReaderAnswers, ReaderRequest } from './protocol.ts';

const QUESTIONS_WAITING_MAX = 256;

export class Readers {
  readonly #pool: Piscina;

  constructor(path: string, threads: number) {
    this.#pool = new Piscina({
      filename: new URL('./reader-thread.ts', import.meta.url).href,
      name: 'read',
      workerData: { path },
      minThreads: threads,
      maxThreads: threads,
      maxQueue: QUESTIONS_WAITING_MAX,
    });
  }

  /** Questions that wait for a thread. */
  get waiting(): number {
    return this.#pool.queueSize;
  }

  /**
   * Asks one question. Rejects with StoreUnavailable when too many wait, when the answer takes longer than
   * `timeoutMs` (its thread is ended and replaced), or when the database does not answer.
   */
  async ask<K extends ReaderRequest['kind']>(
    request: Extract<ReaderRequest, { kind: K }>,
    timeoutMs: number,
  ): Promise<ReaderAnswers[K]> {
    try {
      return (await this.#pool.run(request, {
        signal: AbortSignal.timeout(timeoutMs),
      })) as ReaderAnswers[K];
    } catch (error) {
      throw new StoreUnavailable(`${request.kind}: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
