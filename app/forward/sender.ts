// Sends what a session has ready, as much at once as the settings allow, and settles what comes back.
import type { ForwardSettings } from '../model/forward.ts';
import type { Attempts } from './attempts.ts';
import { type Moment, moment } from './moment.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Receiving } from './receiving.ts';
import type { Session } from './session.ts';
import type { LoadedTask, Task } from './task-queue.ts';
import type { Unfinished } from '../storage/store.ts';

/** Requests in flight, or answered and not durable yet, for each that may be in flight: what a kill has repeated at most. */
const AT_RISK = 2;
/** Requests that a rate allows and that were not sent may be made up for within so long. */
const BURST_MS = 10;

/** An attempt that is over. */
export interface EndedAttempt {
  readonly task: Task;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** What is kept of the entry; null where it was delivered. */
  readonly row: Unfinished | null;
  readonly now: Moment;
}

export class Sender {
  readonly #settings: ForwardSettings;
  readonly #session: Session;
  readonly #attempts: Attempts;
  readonly #receiving: Receiving;
  readonly #ended: (attempt: EndedAttempt) => void;
  #nextMs = 0;
  #stopped = false;

  /** `ended`: an attempt is over and settled. */
  constructor(
    settings: ForwardSettings,
    session: Session,
    { attempts, receiving }: { readonly attempts: Attempts; readonly receiving: Receiving },
    ended: (attempt: EndedAttempt) => void,
  ) {
    this.#settings = settings;
    this.#session = session;
    this.#attempts = attempts;
    this.#receiving = receiving;
    this.#ended = ended;
  }

  /** When the rate allows the next request, by the steady clock. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Begins no further attempt. */
  stop(): void {
    this.#stopped = true;
  }

  /** Sends what may be sent now. */
  send(): void {
    for (let now = moment(); this.#maySend(now); now = moment()) {
      const next = this.#session.queue.take();
      if (next === undefined) return;
      const { ratePerSecond } = this.#settings;
      if (ratePerSecond !== null)
        this.#nextMs = Math.max(this.#nextMs, now.steadyMs - BURST_MS) + 1_000 / ratePerSecond;
      void this.#attempt(next, now);
    }
  }

  #maySend({ steadyMs }: Moment): boolean {
    const { order, concurrency } = this.#settings;
    const { breaker, inFlight, atRisk } = this.#session;
    const isSingle = breaker.isOpen || order === 'strict' || this.#receiving.isSaturated;
    const max = isSingle ? 1 : concurrency;
    if (this.#stopped || inFlight >= max || atRisk >= AT_RISK * max) return false;
    return steadyMs >= this.#nextMs && (!breaker.isOpen || steadyMs >= breaker.nextProbeMs);
  }

  async #attempt({ task, content }: LoadedTask, start: Moment): Promise<void> {
    const session = this.#session;
    session.inFlight += 1;
    const attempt = (task.row?.attempts ?? 0) + 1;
    const response = await this.#attempts.send(this.#settings.name, {
      entry: task.entry,
      content,
      attempt,
    });
    session.inFlight -= 1;
    // It counts as if it had not been made: this process stops, or another one goes on.
    if ('aborted' in response) return;
    const now = moment();
    const outcome = outcomeOf(response, now.wallMs);
    const durationMs = now.steadyMs - start.steadyMs;
    const row = session.settle(task, outcome, durationMs, now);
    this.#ended({ task, outcome, durationMs, row, now });
  }
}
