// Turns at a number of threads: first come, first served, with a bound on how many wait.
import { StoreUnavailable } from '../../model/store.ts';

export class Turns {
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

  /** Resolves when it is the caller's turn, who owes a `done` for it. Rejects where too many wait, or when `limit` aborts. */
  async take(limit: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax)
      throw new StoreUnavailable('too many questions wait');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#waiting.delete(resolve);
      reject(new StoreUnavailable('no thread was free in time'));
    };
    this.#waiting.add(resolve);
    limit.addEventListener('abort', giveUp, { once: true });
    await promise;
    limit.removeEventListener('abort', giveUp);
  }

  /** A turn is over: the one who has waited longest is next. */
  done(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
