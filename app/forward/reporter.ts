// What the process says of a destination to everyone: kept in the store when its state changes, and at most once a second while figures do.
import type { ForwardReport, ForwardState } from '../model/forward.ts';
import type { Moment } from './moment.ts';

const SECOND_MS = 1_000;
/** The rate is that of so many seconds. */
const SECONDS = 60;

export class Reporter {
  #state: ForwardState = 'standby';
  #reason: string | null = null;
  #lastError: string | null = null;
  #lastErrorMs: number | null = null;
  /** Requests that succeeded in each of the last seconds. */
  readonly #counts = new Map<number, number>();
  #said = '';
  #saidMs = Number.NEGATIVE_INFINITY;
  #saidState: ForwardState | null = null;

  get state(): ForwardState {
    return this.#state;
  }

  /** Returns whether that is news. `reason`: in words; null while it is running. */
  become(state: ForwardState, reason: string | null): boolean {
    if (state === this.#state) return false;
    this.#state = state;
    this.#reason = reason;
    return true;
  }

  succeeded({ steadyMs }: Moment): void {
    const second = Math.floor(steadyMs / SECOND_MS);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    if (this.#counts.size > SECONDS + 1) this.#forget(second);
  }

  failed(error: string | null, { wallMs }: Moment): void {
    this.#lastError = error;
    this.#lastErrorMs = wallMs;
  }

  /** Returns what is to be said now; null where that was said, or something else a moment ago. */
  take(now: Moment): ForwardReport | null {
    if (this.#state === 'standby') return null;
    const isNews = this.#state !== this.#saidState;
    if (!isNews && now.steadyMs - this.#saidMs < SECOND_MS) return null;
    this.#forget(Math.floor(now.steadyMs / SECOND_MS));
    const succeeded = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    const report = {
      state: this.#state,
      reason: this.#reason,
      lastError: this.#lastError,
      lastErrorAt: this.#lastErrorMs === null ? null : new Date(this.#lastErrorMs).toISOString(),
      ratePerSecond: Math.round((succeeded / SECONDS) * 100) / 100,
    };
    const said = JSON.stringify(report);
    if (said === this.#said) return null;
    this.#said = said;
    this.#saidMs = now.steadyMs;
    this.#saidState = this.#state;
    return { ...report, at: new Date(now.wallMs).toISOString() };
  }

  /** What was said last did not arrive. */
  repeat(): void {
    this.#said = '';
    this.#saidState = null;
  }

  #forget(second: number): void {
    for (const counted of this.#counts.keys())
      if (counted <= second - SECONDS) this.#counts.delete(counted);
  }
}
