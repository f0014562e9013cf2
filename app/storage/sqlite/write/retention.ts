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
import type { Writer } from './writer.ts';

/** Items a step: its transaction holds up the next commit, so they are few. */
const STEP_ITEMS = 64;
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

/** One run. */
interface Run {
  readonly startMs: number;
  /** Messages up to this number belong to it: the index is waited for until it lists them. */
  readonly lastSeq: number;
  /** The first key that stays. */
  readonly end: OrderKey;
  /** Null until there is an index that lists them. */
  database: DatabaseSync | null;
  /** All entries up to this key are done. */
  cursor: OrderKey;
  messages: number;
  events: number;
}

/** Runs at the start of the service and once an hour. Everything happens on the writer's thread. */
export class Retention {
  readonly #path: string;
  readonly #days: number;
  readonly #writer: Writer;
  readonly #signals: Signals;
  readonly #events: RetentionEvents;
  readonly #pacer = new Pacer(REST_FACTOR);
  #run: Run | null = null;

  /** Removes items older than `days` days from the database at `path`. */
  constructor(
    { path, days }: { readonly path: string; readonly days: number },
    writer: Writer,
    signals: Signals,
    events: RetentionEvents,
  ) {
    this.#path = path;
    this.#days = days;
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
    const seconds = Math.floor(Date.now() / 1_000) - this.#days * DAY_SECONDS;
    try {
      const run: Run = {
        startMs: performance.now(),
        lastSeq: this.#writer.lastSeq,
        end: { seconds, nanos: 0, messageId: '' },
        database: null,
        cursor: FIRST_KEY,
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
      run.database ??= openReader(this.#path);
      entries = entriesAfter(run.database, run);
    } catch (error) {
      return this.#end(run, error instanceof IndexUnusable ? 'index_behind' : reasonOf(error));
    }
    if (entries === null) {
      // Deleted meanwhile, the index is being built again.
      run.database.close();
      run.database = null;
      this.#pacer.after(WAIT_MS, () => this.#awaitIndex(run));
      return;
    }
    const old = entries.filter((entry) => compareOrder(entry, run.end) < 0);
    if (old.length === 0) return this.#removeEvents(run);
    const seqs = old.map(({ seq }) => seq);
    const done = this.#step(run, 'messages', seqs);
    if (done === null) return;
    run.cursor = old[done - 1] ?? run.cursor;
    this.#pacer.pause(startMs, () => this.#remove(run));
  }

  #removeEvents(run: Run): void {
    const startMs = performance.now();
    let seqs: number[];
    try {
      seqs = this.#writer.eventsBefore(run.end.seconds, STEP_ITEMS);
    } catch (error) {
      return this.#end(run, failureOf(error));
    }
    if (seqs.length === 0) return this.#shrink(run);
    if (this.#step(run, 'events', seqs) === null) return;
    this.#pacer.pause(startMs, () => this.#removeEvents(run));
  }

  /** Removes items. Returns how many were come to; null where it failed: then the run has ended. */
  #step(run: Run, items: 'messages' | 'events', seqs: readonly number[]): number | null {
    // The index may be wrong: the items themselves say whether they are that old.
    const { removed, failure } = this.#writer.remove(items, seqs, {
      beforeSeconds: run.end.seconds,
    });
    if (failure !== null) {
      this.#end(run, failure);
      return null;
    }
    run.messages += removed.messages;
    run.events += removed.events;
    this.#events.stepped(removed.messages + removed.events);
    if (removed.messages > 0) this.#events.removed(removed.messages);
    return removed.done;
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
    const done = !this.#pacer.busy && this.#isFollowed() && this.#writer.truncateWal();
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
