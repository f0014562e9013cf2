// What is known of a destination while this process has its lease: what is in flight, what came of it, and what is durable of that.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardChange, Unfinished } from '../storage/store.ts';
import { Breaker } from './breaker.ts';
import { Changes } from './changes.ts';
import { type Outcome, failureOf } from './outcome.ts';
import { retryDelayMs } from './retry.ts';
import { type Task, TaskQueue } from './task-queue.ts';
import type { Window } from './window.ts';

const HOUR_MS = 3_600_000;
/** A position alone is not urgent: what is read again was not wanted. */
const POSITION_MS = 1_000;

export class Session {
  readonly window: Window;
  readonly queue = new TaskQueue();
  readonly breaker = new Breaker();
  /** Conversations that came to be held since it was emptied: the database may not know yet. */
  readonly held = new Set<string>();
  inFlight = 0;
  /** Whether there may be entries after the window. */
  more = true;
  /** When rows are due again, as far as is known; null: none are. */
  dueMs: number | null = 0;
  nextSendMs = 0;
  /** Why the destination wants nothing any more; null where it does. */
  gone: string | null = null;
  readonly #settings: ForwardSettings;
  readonly #changes = new Changes();
  /** Numbers of rows that are in the queue or in flight. */
  readonly #rows = new Set<number>();
  /** Attempts that are over and not durable yet, without those in `#change`. */
  #unrecorded = 0;
  /** What is being made durable; kept where that failed, until it succeeds. */
  #change: ForwardChange | null = null;
  #inChange = 0;
  #positionMs = 0;
  #position = -1;

  constructor(settings: ForwardSettings, window: Window) {
    this.#settings = settings;
    this.window = window;
  }

  /** Requests whose repetition a kill would cause. */
  get atRisk(): number {
    return this.inFlight + this.#unrecorded + this.#inChange;
  }

  /** Adds an entry that was never attempted. `held`: the database has an unfinished entry of its conversation. */
  addEntry(task: Task, held: boolean): void {
    const { conversation } = task;
    const isHeld = held || (conversation !== null && this.held.has(conversation));
    if (isHeld && !this.queue.isActive(conversation)) this.#wait(task);
    else this.queue.add(task);
  }

  /** Whether the row may be attempted: it is not, and neither is another of its conversation. */
  mayAttempt({ seq, conversation }: Unfinished): boolean {
    return !this.#rows.has(seq) && !this.queue.isActive(conversation);
  }

  addRow(task: Task): void {
    this.#rows.add(task.entry.seq);
    this.queue.add(task);
  }

  /** The item of a task that was never attempted is not there any more. */
  dropEntry(task: Task): void {
    this.queue.remove(task);
    this.window.settle(task.entry.seq);
    this.queue.next(task);
  }

  /** The item of a row is not there any more. */
  dropRow(row: Unfinished): void {
    this.#changes.remove(row);
    this.dueMs = 0;
  }

  /** An attempt is over that began at `startMs`. */
  settle(task: Task, outcome: Outcome, startMs: number, nowMs: number): void {
    this.#unrecorded += 1;
    const failure = failureOf(outcome);
    if (failure === null) {
      const since = this.breaker.answered();
      if (since !== null) this.#changes.wake(since);
      if (since !== null) this.dueMs = 0;
    } else this.breaker.failed(failure, startMs, nowMs, outcome.retryAfterMs ?? 0);
    if (outcome.result === 'delivered') this.#finish(task);
    else this.#fail(task, outcome, startMs, nowMs);
    if (outcome.result === 'gone') this.gone = outcome.error;
  }

  /** Returns what is to be made durable; null where nothing is, or only a position and not `everything` is wanted. */
  takeChange(nowMs: number, everything: boolean): ForwardChange | null {
    if (this.#change !== null) return this.#change;
    const position = this.window.position;
    if (this.#changes.isEmpty) {
      const isDue = everything || nowMs - this.#positionMs >= POSITION_MS;
      if (!isDue || position.position === this.#position) return null;
    }
    this.#positionMs = nowMs;
    this.#position = position.position;
    this.#inChange = this.#unrecorded;
    this.#unrecorded = 0;
    this.#change = this.#changes.take(position, nowMs);
    return this.#change;
  }

  /** What was taken is durable. */
  recorded(): void {
    this.#change = null;
    this.#inChange = 0;
  }

  #finish(task: Task): void {
    this.#changes.delivered(task.row);
    if (task.row === null) {
      this.window.settle(task.entry.seq);
      this.queue.next(task);
    } else this.#leave(task);
  }

  #fail(task: Task, outcome: Outcome, startMs: number, nowMs: number): void {
    const { entry, conversation, row } = task;
    const attempts = (row?.attempts ?? 0) + 1;
    const firstMs = row?.firstMs ?? startMs;
    const dead = nowMs - firstMs >= this.#settings.retryHours * HOUR_MS;
    const dueMs = nowMs + Math.max(retryDelayMs(attempts), outcome.retryAfterMs ?? 0);
    this.#changes.put({
      seq: entry.seq,
      state: dead ? 'dead' : 'retry',
      conversation,
      attempts,
      firstMs,
      lastMs: startMs,
      dueMs: dead ? null : dueMs,
      error: outcome.error,
    });
    this.window.settle(entry.seq);
    if (!dead) {
      this.dueMs = Math.min(this.dueMs ?? dueMs, dueMs);
      if (conversation !== null) this.held.add(conversation);
    }
    if (dead && row === null) this.queue.next(task);
    else this.#leave(task);
    if (dead) this.#changes.release(conversation);
  }

  /** The conversation goes on by its rows: what is behind the task in memory gets rows as well. */
  #leave(task: Task): void {
    this.#rows.delete(task.entry.seq);
    for (const behind of this.queue.hold(task)) this.#wait(behind);
    this.dueMs = 0;
  }

  /** A row is kept of an entry that waits for another of its conversation; if there is none any more, it is due at once. */
  #wait({ entry, conversation, row }: Task): void {
    if (row !== null) return;
    const never = { attempts: 0, firstMs: null, lastMs: null, dueMs: null, error: null };
    this.#changes.put({ seq: entry.seq, state: 'waiting', conversation, ...never });
    this.window.settle(entry.seq);
    this.dueMs = 0;
  }
}
