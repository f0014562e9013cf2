// A task that is repeated: never twice at once, with a pause that it chooses itself, and sooner when it is woken.

export class Loop {
  readonly #step: () => Promise<number>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  /** When the next step begins at the latest, though a step may say otherwise. */
  #wokenAtMs = Infinity;
  #closed = false;

  /** `step` resolves with the pause before the next one, in milliseconds. It must not reject. The first one comes at once. */
  constructor(step: () => Promise<number>) {
    this.#step = step;
    this.#schedule(0);
  }

  /** Has the next step begin within `ms`. */
  wake(ms: number): void {
    // An earlier call, with the same pause, has set the timer already.
    if (this.#wokenAtMs !== Infinity) return;
    this.#wokenAtMs = performance.now() + ms;
    if (this.#running === null) this.#schedule(ms);
  }

  /** Resolves when no step is running, and none follows. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, ms).unref();
  }

  async #run(): Promise<void> {
    this.#wokenAtMs = Infinity;
    const pauseMs = await this.#step();
    this.#running = null;
    this.#schedule(Math.max(0, Math.min(pauseMs, this.#wokenAtMs - performance.now())));
  }
}
