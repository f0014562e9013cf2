// The HTTP thread's side of the indexer: starts its thread, again where it ends, and passes on what it reports.
import { Worker } from 'node:worker_threads';
import type { IndexEvent, StoreObserver } from '../../store.ts';
import type { Signals } from '../file/signals.ts';

/** A thread that ended is started again after this pause. */
const RESTART_MS = 1_000;
/** In MiB. What a batch leaves is garbage at once: 50 MB less memory than with the service's own limit, and as fast. */
const YOUNG_GENERATION_MIB = 8;
/** Time limit of a step that is running when the service closes; the next start repeats it. */
const CLOSE_MS_MAX = 5_000;

export class IndexerClient {
  readonly #path: string;
  readonly #signals: Signals;
  readonly #observer: StoreObserver;
  #worker: Worker;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(path: string, signals: Signals, observer: StoreObserver) {
    this.#path = path;
    this.#signals = signals;
    this.#observer = observer;
    this.#worker = this.#start();
  }

  /** Ends the thread after its step. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#worker.once('exit', () => resolve());
    if (this.#worker.threadId === -1) return;
    this.#signals.set('closing', 1);
    // It waits for one of the two.
    this.#signals.add('committedSeq', 0);
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS_MAX);
    await promise;
    clearTimeout(timer);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./indexer-thread.ts', import.meta.url), {
      workerData: { path: this.#path, memory: this.#signals.memory },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
      name: 'indexer',
    });
    let reason = 'the indexer thread ended';
    worker.on('message', (event: IndexEvent) => this.#observer.index(event));
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      if (this.#closing) return;
      this.#signals.set('following', 0);
      this.#observer.index({ kind: 'failed', reason });
      this.#timer = setTimeout(() => {
        this.#worker = this.#start();
      }, RESTART_MS).unref();
    });
    return worker;
  }
}
