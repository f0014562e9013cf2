// Spaces the steps of background work on the writer's thread, so that commits are hardly held up.

/** After a step the writer has this many times as long for everything else, while messages come. */
const PAUSE_FACTOR_BUSY = 20;
const PAUSE_MS_MIN = 20;
/** Messages count as coming for this long after a commit. */
const BUSY_MS = 1_000;

export class Pacer {
  readonly #restFactor: number;
  #timer: NodeJS.Timeout | undefined;
  #lastCommitMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** `restFactor`: the same while no messages come. */
  constructor(restFactor: number) {
    this.#restFactor = restFactor;
  }

  /** Messages were committed. */
  committed(): void {
    this.#lastCommitMs = performance.now();
  }

  /** Whether messages come. */
  get busy(): boolean {
    return performance.now() - this.#lastCommitMs < BUSY_MS;
  }

  /** Runs `next` after a pause in proportion to the step that began at `stepStartMs`. */
  pause(stepStartMs: number, next: () => void): void {
    const factor = this.busy ? PAUSE_FACTOR_BUSY : this.#restFactor;
    this.after(Math.max(PAUSE_MS_MIN, (performance.now() - stepStartMs) * factor), next);
  }

  /** Runs `next` after `delayMs`. A pacer runs one thing at a time. */
  after(delayMs: number, next: () => void): void {
    if (!this.#closed) this.#timer = setTimeout(next, delayMs);
  }

  /** Cancels what waits. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
