// Retention inside the service: removes what is too old, in short steps between two commits.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { PruneRun } from '../../store.ts';
import { failureOf, reasonOf } from '../file/failure.ts';
import { type Entry, FIRST_KEY } from '../file/keys.ts';
import { REMOVALS_AHEAD_MAX } from '../file/limits.ts';
import type { Signals } from '../file/signals.ts';
import { IndexUnusable } from '../index/damage.ts';
import { IndexList } from '../index/index-list.ts';
import { inSnapshot, openReader } from '../index/reader-connection.ts';
import { Pacer } from './pacer.ts';
import { eventsAfter } from './remover.ts';
import type { Writer } from './writer.ts';

/** Items a step: its transaction holds up the next commit, so they are few. */
const STEP_ITEMS = 64;
/** Items that a run comes to and keeps because they are not forwarded yet: the next run goes on behind them. */
const RUN_KEPT_MAX = 262_144;
/** What is not forwarded yet is kept up to this many times as long. */
const KEEP_FACTOR = 2;
/** Free pages that a step returns to the file system. */
const STEP_PAGES = 64;
/** While no messages come, a step is followed by a pause of this many times its length. */
const REST_FACTOR = 4;
const RUN_EVERY_MS = 3_600_000;
const RETRY_MS = 10_000;
/** While the index has to follow first. */
const WAIT_MS = 100;
/** Time limit for the index to reach what was stored when a run began. */
const INDEX_MS_MAX = 600_000;
/** New messages use the free pages again; only where they are more than this part of the file, it shrinks. */
const FREE_PART_MAX = 1 / 8;
/** The WAL is emptied of what was removed once no message has come for this long. */
const QUIET_MS = 1_000;
const DAY_SECONDS = 86_400;

export interface RetentionEvents {
  /** A step has committed the change of so many rows or pages. */
  stepped(rows: number): void;
  /** A step has removed messages. */
  removed(messages: number): void;
  /** A run has ended: nothing is left that is too old, or a step has failed. */
  ended(run: PruneRun): void;
}

/** Of the service: where its database is, how long it keeps items, and for which destinations longer. */
export interface RetentionOptions {
  readonly path: string;
  readonly days: number;
  readonly forwards: readonly string[];
}

/** One run. */
interface Run {
  readonly startMs: number;
  /** Messages up to this number belong to it: the index is waited for until it lists them. */
  readonly lastSeq: number;
  /** The first key that stays. */
  readonly end: OrderKey;
  /** The first key that stays where a destination has not finished it. */
  readonly keepEnd: OrderKey;
  /** Null until there is an index that lists them. */
  database: DatabaseSync | null;
  /** What is being removed. */
  items: 'messages' | 'events';
  /** All of them up to this key are done. */
  cursor: OrderKey;
  kept: number;
  messages: number;
  events: number;
}

/** Runs at the start of the service and once an hour. Everything happens on the writer's thread. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #writer: Writer;
  readonly #signals: Signals;
  readonly #events: RetentionEvents;
  readonly #pacer = new Pacer(REST_FACTOR);
  #run: Run | null = null;
  /** Where the next run goes on among what may be kept. */
  readonly #resume: Record<Run['items'], OrderKey> = { messages: FIRST_KEY, events: FIRST_KEY };

  /** Removes items older than `days` days, and those that a destination has not finished when they are twice as old. */
  constructor(
    options: RetentionOptions,
    writer: Writer,
    signals: Signals,
    events: RetentionEvents,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#signals = signals;
    this.#events = events;
    this.#pacer.after(0, () => this.#begin());
  }

  /** Messages were committed. */
  committed(): void {
    this.#pacer.committed();
  }

  close(): void {
    this.#pacer.close();
    this.#run?.database?.close();
  }

  #begin(): void {
    const endOf = (days: number): OrderKey => {
      const seconds = Math.floor(Date.now() / 1_000) - days * DAY_SECONDS;
      return { seconds, nanos: 0, messageId: '' };
    };
    const { days } = this.#options;
    try {
      const run: Run = {
        startMs: performance.now(),
        lastSeq: this.#writer.lastSeq,
        end: endOf(days),
        keepEnd: endOf(KEEP_FACTOR * days),
        database: null,
        items: 'messages',
        cursor: FIRST_KEY,
        kept: 0,
        messages: 0,
        events: 0,
      };
      this.#run = run;
      this.#awaitIndex(run);
    } catch {
      // The database cannot be read; posts report that, too.
      this.#pacer.after(RETRY_MS, () => this.#begin());
    }
  }

  #awaitIndex(run: Run): void {
    if (this.#signals.get('listedSeq') >= run.lastSeq) this.#remove(run);
    else if (performance.now() - run.startMs > INDEX_MS_MAX) this.#end(run, 'index_behind');
    else this.#pacer.after(WAIT_MS, () => this.#awaitIndex(run));
  }

  #remove(run: Run): void {
    const startMs = performance.now();
    let entries: Entry[] | null;
    try {
      if (this.#writer.lastRemoval - this.#signals.get('followedRemoval') > REMOVALS_AHEAD_MAX) {
        this.#pacer.after(WAIT_MS, () => this.#remove(run));
        return;
      }
      entries = this.#next(run);
    } catch (error) {
      return this.#end(run, error instanceof IndexUnusable ? 'index_behind' : reasonOf(error));
    }
    if (entries === null) {
      // Deleted meanwhile, the index is being built again.
      run.database?.close();
      run.database = null;
      this.#pacer.after(WAIT_MS, () => this.#awaitIndex(run));
      return;
    }
    const old = entries.filter((entry) => compareOrder(entry, run.end) < 0);
    if (old.length === 0) return this.#itemsDone(run, FIRST_KEY);
    if (!this.#step(run, old)) return;
    if (run.kept >= RUN_KEPT_MAX) return this.#itemsDone(run, run.cursor);
    this.#pacer.pause(startMs, () => this.#remove(run));
  }

  /** Returns the next entries; null where the index does not list all of them. Throws what SQLite throws, and IndexUnusable. */
  #next(run: Run): Entry[] | null {
    // What earlier runs have kept is not come to again in each of them.
    const resume = this.#resume[run.items];
    if (compareOrder(run.cursor, run.keepEnd) >= 0 && compareOrder(run.cursor, resume) < 0)
      run.cursor = resume;
    run.database ??= openReader(this.#options.path);
    return run.items === 'events'
      ? eventsAfter(run.database, run.cursor, STEP_ITEMS)
      : entriesAfter(run.database, run);
  }

  /** Removes items that are old. Returns whether it could: if not, the run has ended. */
  #step(run: Run, old: readonly Entry[]): boolean {
    const seqs = old.map(({ seq }) => seq);
    // The index may be wrong: the items themselves say whether they are that old.
    const { removed, failure } = this.#writer.remove(run.items, seqs, {
      beforeSeconds: run.end.seconds,
      keep: { names: this.#options.forwards, sinceSeconds: run.keepEnd.seconds },
    });
    if (failure !== null) {
      this.#end(run, failure);
      return false;
    }
    run.cursor = old[removed.done - 1] ?? run.cursor;
    run.kept += removed.kept;
    run.messages += removed.messages;
    run.events += removed.events;
    this.#events.stepped(removed.messages + removed.events);
    if (removed.messages > 0) this.#events.removed(removed.messages);
    return true;
  }

  /** All messages, or events, of the run are done, or as many as it may keep: then the next one goes on after `resume`. */
  #itemsDone(run: Run, resume: OrderKey): void {
    this.#resume[run.items] = resume;
    if (run.items === 'events') return this.#shrink(run);
    run.items = 'events';
    run.cursor = FIRST_KEY;
    run.kept = 0;
    this.#remove(run);
  }

  #shrink(run: Run): void {
    const startMs = performance.now();
    try {
      const { total, free, shrinkable } = this.#writer.pages();
      if (run.messages + run.events === 0 || !shrinkable || free <= total * FREE_PART_MAX)
        return this.#end(run, null);
    } catch (error) {
      return this.#end(run, failureOf(error));
    }
    const failure = this.#writer.shrink(STEP_PAGES);
    if (failure !== null) return this.#end(run, failure);
    this.#events.stepped(STEP_PAGES);
    this.#pacer.pause(startMs, () => this.#shrink(run));
  }

  #end(run: Run, failure: string | null): void {
    run.database?.close();
    this.#run = null;
    const { startMs, messages, events } = run;
    this.#events.ended({ messages, events, durationMs: performance.now() - startMs, failure });
    if (failure !== null) this.#pacer.after(RETRY_MS, () => this.#begin());
    else if (messages + events > 0) this.#emptyWal(startMs);
    else this.#pacer.after(RUN_EVERY_MS, () => this.#begin());
  }

  /** While messages come, the WAL is written over by them soon; when none come, what was removed would stay there. */
  #emptyWal(runStartMs: number): void {
    const done = !this.#pacer.busy && this.#isFollowed() && this.#writer.wal.truncate();
    const sinceMs = performance.now() - runStartMs;
    if (done || sinceMs >= RUN_EVERY_MS) this.#pacer.after(RUN_EVERY_MS, () => this.#begin());
    else this.#pacer.after(QUIET_MS, () => this.#emptyWal(runStartMs));
  }

  /** Whether the index has followed every removal. */
  #isFollowed(): boolean {
    try {
      return this.#writer.lastRemoval <= this.#signals.get('followedRemoval');
    } catch {
      // The database cannot be read now.
      return false;
    }
  }
}

/** The next entries as the index has them: some may be removed already, by this run or a command. Null where it does not list all. */
function entriesAfter(database: DatabaseSync, { cursor, lastSeq }: Run): Entry[] | null {
  return inSnapshot(database, ({ index }) =>
    index.listedSeq < lastSeq ? null : new IndexList(database, null).after(cursor, STEP_ITEMS),
  );
}
