// Slows a destination that fails for everything: single probes, until one succeeds.

/** So many answers in a row that say that the application failed. One that says that it cannot be reached is enough. */
const FAILURES_MAX = 3;
const PROBE_MS_MIN = 1_000;
/** A destination is back at most so long before that is noticed, and the time limit of a probe. */
const PROBE_MS_MAX = 15_000;

/** `unreachable`: no connection, no answer in time, or a gateway says so. `failed`: any other answer of 5xx. */
export type Failure = 'unreachable' | 'failed';

export class Breaker {
  #failures = 0;
  #openSinceMs: number | null = null;
  #nextProbeMs = 0;
  #probeMs = PROBE_MS_MIN;

  get isOpen(): boolean {
    return this.#openSinceMs !== null;
  }

  /** When the next probe may be sent, in milliseconds since 1970. */
  get nextProbeMs(): number {
    return this.#nextProbeMs;
  }

  /** An attempt was answered by the application. Returns since when everything had failed; null where it had not. */
  answered(): number | null {
    const since = this.#openSinceMs;
    this.#failures = 0;
    this.#openSinceMs = null;
    this.#probeMs = PROBE_MS_MIN;
    return since;
  }

  /** An attempt failed that began at `startMs`. `restMs`: for how long the destination asked not to be attempted; 0 where it did not. */
  failed(failure: Failure, startMs: number, nowMs: number, restMs: number): void {
    this.#failures += 1;
    if (this.#openSinceMs === null) {
      if (failure !== 'unreachable' && this.#failures < FAILURES_MAX) return;
      this.#openSinceMs = startMs;
    } else if (nowMs >= this.#nextProbeMs)
      this.#probeMs = Math.min(this.#probeMs * 2, PROBE_MS_MAX);
    this.#nextProbeMs = nowMs + Math.max(this.#probeMs, restMs);
  }
}
