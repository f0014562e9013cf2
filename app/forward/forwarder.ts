// All destinations of the service: started together, told of commits, and shut down together.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardStore } from '../storage/store.ts';
import { Attempts } from './attempts.ts';
import { Destination } from './destination.ts';
import type { ForwardObserver } from './observer.ts';
import { Receiving } from './receiving.ts';

/** Time limit at shutdown for requests that are in flight. */
const DRAIN_MS_MAX = 10_000;
/** What is kept of a destination that is not configured any more. */
const FORGET_MS = 30 * 86_400_000;

export class Forwarder {
  readonly #destinations: readonly Destination[];
  readonly #attempts: Attempts;
  readonly #receiving = new Receiving();

  /** `settings`: at least one. `fatal` is called when forwarding cannot go on. */
  constructor(
    settings: readonly ForwardSettings[],
    store: ForwardStore,
    observer: ForwardObserver,
    fatal: (error: Error) => void,
  ) {
    const attempts = new Attempts(settings, fatal);
    this.#attempts = attempts;
    this.#destinations = settings.map(
      (one) => new Destination(one, store, attempts, this.#receiving, observer),
    );
    // Without effect where nothing can be stored now: the next start does it.
    void store.forget(Date.now() - FORGET_MS).catch(() => undefined);
  }

  /** Resolves when each destination has begun: one that is new begins after what is stored by then. */
  async begun(): Promise<void> {
    await Promise.all(this.#destinations.map((destination) => destination.begun));
  }

  /** Something was committed. */
  committed(): void {
    this.#receiving.committed();
    for (const destination of this.#destinations) destination.committed();
  }

  /** Entries of a destination were made due by a caller of this process. */
  steered(name: string): void {
    for (const destination of this.#destinations)
      if (destination.name === name) destination.steered();
  }

  /** Begins no further attempt, and gives those in flight some seconds. What did not finish is attempted again after the next start. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#attempts.abort(null), DRAIN_MS_MAX);
    await Promise.all(this.#destinations.map((destination) => destination.close()));
    clearTimeout(timer);
    await this.#attempts.close();
  }
}
