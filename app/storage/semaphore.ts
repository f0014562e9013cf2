// A FIFO semaphore with a bound on how many wait.
import { StoreUnavailable } from './store.ts';

export class Semaphore {
  readonly #waitingMax: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(free: number, waitingMax: number) {
    this.#free = free;
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when the caller may continue; it must call `release`. Rejects with StoreUnavailable where too many wait,
   * or when `limit` aborts.
   */
  async acquire(limit: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax)
      throw new StoreUnavailable('queue_full', 'too many reads wait');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.delete(resolve);
      reject(new StoreUnavailable('timeout', 'no thread was free in time'));
    };
    this.#waiting.add(resolve);
    limit.addEventListener('abort', giveUp, { once: true });
    await promise;
    limit.removeEventListener('abort', giveUp);
  }

  /** The one that has waited longest is next. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
