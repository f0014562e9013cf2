// How fast messages come, so that search leaves the processor to the commits while many do.
import type { Signals } from '../file/signals.ts';

/** More messages than this in a second are many: search takes most of the time that the index takes. */
const BUSY_PER_SECOND = 2_000;
/** The rate is taken over so long at least. */
const WINDOW_MS = 500;

export class CommitRate {
  readonly #signals: Signals;
  #sinceMs = performance.now();
  #sinceSeq: number;
  #busy = false;

  constructor(signals: Signals) {
    this.#signals = signals;
    this.#sinceSeq = signals.get('committedSeq');
  }

  /** Returns whether many messages came in the last half second or more. */
  get busy(): boolean {
    const tookMs = performance.now() - this.#sinceMs;
    if (tookMs < WINDOW_MS) return this.#busy;
    const seq = this.#signals.get('committedSeq');
    this.#busy = ((seq - this.#sinceSeq) / tookMs) * 1_000 > BUSY_PER_SECOND;
    this.#sinceMs += tookMs;
    this.#sinceSeq = seq;
    return this.#busy;
  }
}
