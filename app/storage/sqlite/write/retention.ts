// Retention inside the service: removes what is too old, in short steps between two commits.
import type { PruneRun } from '../../store.ts';
import type { Writer } from './writer.ts';

/** Messages a step: its transaction holds up the next commit, so they are few. */
const STEP_MESSAGES = 64;
/** Free pages that a step gives back to the file system. */
const STEP_PAGES = 64;
/** After a step the writer has this many times as long for everything else, while messages come and while none do. */
const PAUSE_FACTOR_BUSY = 20;
const PAUSE_FACTOR = 4;
const PAUSE_MS_MIN = 20;
const RUN_EVERY_MS = 3_600_000;
const RETRY_MS = 10_000;
/** New messages use the free pages again; only where they are more than this part of the file, it shrinks. */
const FREE_PART_MAX = 1 / 8;
/** The log is emptied of what was removed once nobody has written for so long. */
const QUIET_MS = 1_000;
const DAY_SECONDS = 86_400;

export interface RetentionEvents {
  /** A step has removed messages. */
  removed(messages: number): void;
  /** A run has ended: nothing is left that is too old, or a step has failed. */
  ended(run: PruneRun): void;
}

/** Runs at the start of the service and once an hour. Everything happens on the writer's thread. */
export class Retention {
  readonly #days: number;
  readonly #writer: Writer;
  readonly #events: RetentionEvents;
  #timer: NodeJS.Timeout | undefined;
  #run = { startMs: 0, messages: 0, beforeSeconds: 0 };
  #lastCommitMs = Number.NEGATIVE_INFINITY;

  constructor(days: number, writer: Writer, events: RetentionEvents) {
    this.#days = days;
    this.#writer = writer;
    this.#events = events;
    this.#after(0, () => this.#begin());
  }

  /** Messages were committed. */
  committed(): void {
    this.#lastCommitMs = performance.now();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #begin(): void {
    const beforeSeconds = Math.floor(Date.now() / 1_000) - this.#days * DAY_SECONDS;
    this.#run = { startMs: performance.now(), messages: 0, beforeSeconds };
    this.#remove();
  }

  #remove(): void {
    const startMs = performance.now();
    const before = { seconds: this.#run.beforeSeconds, nanos: 0 };
    const { removed, failure } = this.#writer.prune({ before, from: null }, STEP_MESSAGES);
    if (failure !== null) return this.#end(failure);
    if (removed === 0) return this.#shrink();
    this.#run.messages += removed;
    this.#events.removed(removed);
    this.#pause(startMs, () => this.#remove());
  }

  #shrink(): void {
    const startMs = performance.now();
    const { total, free, shrinkable } = this.#writer.pages();
    if (this.#run.messages === 0 || !shrinkable || free <= total * FREE_PART_MAX)
      return this.#end(null);
    const failure = this.#writer.shrink(STEP_PAGES);
    if (failure !== null) return this.#end(failure);
    this.#pause(startMs, () => this.#shrink());
  }

  #end(failure: string | null): void {
    const { startMs, messages } = this.#run;
    this.#events.ended({ messages, durationMs: performance.now() - startMs, failure });
    if (failure !== null) this.#after(RETRY_MS, () => this.#begin());
    else if (messages > 0) this.#emptyLog();
    else this.#after(RUN_EVERY_MS, () => this.#begin());
  }

  /** While messages come, the log is written over by them soon; when none come, what was removed would stay there. */
  #emptyLog(): void {
    const quietMs = performance.now() - this.#lastCommitMs;
    const done = quietMs >= QUIET_MS && this.#writer.truncateLog();
    const sinceMs = performance.now() - this.#run.startMs;
    if (done || sinceMs >= RUN_EVERY_MS) this.#after(RUN_EVERY_MS, () => this.#begin());
    else this.#after(QUIET_MS, () => this.#emptyLog());
  }

  #pause(stepStartMs: number, next: () => void): void {
    const tookMs = performance.now() - stepStartMs;
    const isBusy = stepStartMs - this.#lastCommitMs < QUIET_MS;
    const factor = isBusy ? PAUSE_FACTOR_BUSY : PAUSE_FACTOR;
    this.#after(Math.max(PAUSE_MS_MIN, tookMs * factor), next);
  }

  #after(delayMs: number, next: () => void): void {
    this.#timer = setTimeout(next, delayMs);
  }
}
