// Slows a destination that fails for everything: single probes, until one succeeds.
import type { Failure } from './outcome.ts';

/** So many failures with no success in between say that everything fails. Of `refused` more, as they may be about single entries. */
const FAILURES_MAX: Readonly<Record<Failure, number>> = {
  unreachable: 1,
  failed: 3,
  refused: 20,
  gone: 1,
};
const PROBE_MS_MIN = 1_000;
/** A destination is back for at most so long, and the time limit of a probe, before that is noticed. */
const PROBE_MS_MAX = 10_000;

/** Times are of one clock that never goes back, in milliseconds. */
export class Breaker {
  #failures = 0;
  #succeededMs: number | null = null;
  #openMs: number | null = null;
  #nextProbeMs = 0;
  /** Until when the destination asked not to be attempted. */
  #restEndMs = 0;
  #probeMs = PROBE_MS_MIN;

  get isOpen(): boolean {
    return this.#openMs !== null;
  }

  /** When the next probe may be sent, while it is open. */
  get nextProbeMs(): number {
    return this.#nextProbeMs;
  }

  /** An attempt succeeded. One that was in flight when the destination asked for rest does not end that. */
  succeeded(nowMs: number): void {
    this.#failures = 0;
    this.#succeededMs = nowMs;
    this.#probeMs = PROBE_MS_MIN;
    if (nowMs >= this.#restEndMs) this.#openMs = null;
  }

  /**
   * An attempt failed that began at `startMs`. `restMs`: for how long the destination asked not to be attempted, 0 where it did not.
   * Returns whether its entry is blameless: everything else failed before it too, or the destination asked for rest.
   */
  failed(failure: Failure, startMs: number, nowMs: number, restMs: number): boolean {
    // Another attempt succeeded meanwhile: this is about its entry.
    if (restMs === 0 && this.#succeededMs !== null && this.#succeededMs >= startMs) return false;
    const blameless = this.isOpen || this.#succeededMs === null || restMs > 0;
    this.#failures += 1;
    this.#restEndMs = Math.max(this.#restEndMs, nowMs + restMs);
    if (this.#openMs !== null) {
      if (startMs >= this.#openMs) this.#probeMs = Math.min(this.#probeMs * 2, PROBE_MS_MAX);
    } else if (restMs > 0 || this.#failures >= FAILURES_MAX[failure]) this.#openMs = nowMs;
    else return blameless;
    this.#nextProbeMs = Math.max(this.#restEndMs, nowMs + this.#probeMs);
    return blameless;
  }
}
