// Removes selected items for good, step by step, also while a service runs on the same file.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pruned, Selection } from '../../admin.ts';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { REMOVALS_AHEAD_MAX } from '../file/limits.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { Writer } from '../write/writer.ts';
import { updateIndex } from './index-update.ts';
import { type Rows, selectedRows } from './selection.ts';
import { YieldingWriter } from './yielding-writer.ts';

/** Rows, and pages, per step: its transaction is short, because a service's commits wait for it. */
const STEP_ROWS = 256;
const STEP_PAGES = 512;
/** Steps after which the index follows and the WAL is checkpointed, so that neither grows with the work. */
const STEPS_A_PAUSE = REMOVALS_AHEAD_MAX / STEP_ROWS;
/** How often truncating the WAL is tried: any running reader may prevent it. */
const WAL_TRIES_MAX = 100;
const WAL_RETRY_MS = 50;

/** Called after each step; may throw to stop. */
type OnStep = (stage: 'removing' | 'index' | 'shrinking', done: number) => void;

/** An older file cannot return what is free in it. */
const NOT_SHRINKABLE =
  'This file is of an earlier version and shrinks only with --vacuum; new messages use its free space.';
const WAL_IN_USE =
  'The write-ahead log is in use and still holds the removed messages: prune again later.';

type Counts = {
  -readonly [Name in 'removed' | 'removedEvents' | 'removedDeliveries']: Pruned[Name];
};

/** One prune. Every step is a transaction of its own: however it ends, all counts are right, and it can be continued. */
export class Pruner {
  readonly #path: string;
  readonly #lock: ServiceLock;
  readonly #writer: Writer;
  readonly #steps: YieldingWriter;
  readonly #onStep: OnStep;
  #stepsTaken = 0;

  /** Opens an existing file. Throws what SQLite throws, InUseError or SchemaError. */
  constructor(path: string, onStep: OnStep) {
    // Throws where there is no file: a prune must not create one.
    openForReading(path).close();
    this.#path = path;
    this.#lock = ServiceLock.forCommand(path);
    this.#writer = new Writer(path, this.#lock);
    this.#steps = new YieldingWriter(this.#writer);
    this.#onStep = onStep;
  }

  /** Removes what is selected and was stored before the call. `vacuum`: rewrites both files, which holds up every write. */
  async prune(selection: Selection, vacuum: boolean): Promise<Pruned> {
    const bytesBefore = this.#bytes();
    const counts = await this.#remove(selection);
    await this.#follow();
    if (vacuum) await this.#vacuum();
    else await this.#shrink();
    const walTruncated = await this.#truncateWal();
    const { shrinkable } = this.#writer.pages();
    return {
      ...counts,
      bytesBefore,
      bytesAfter: this.#bytes(),
      details: { shrinkable, logEmptied: walTruncated },
      notes: [...(shrinkable ? [] : [NOT_SHRINKABLE]), ...(walTruncated ? [] : [WAL_IN_USE])],
    };
  }

  close(): void {
    this.#writer.close();
  }

  async #remove(selection: Selection): Promise<Counts> {
    const database = openForReading(this.#path);
    const counts: Counts = { removed: 0, removedEvents: 0, removedDeliveries: 0 };
    try {
      const last = counterReader(database)('last_seq');
      for (const seqs of selectedRows(database, selection, 'messages', last))
        await this.#removeRows('messages', seqs, selection, counts);
      // A sender has messages; the conflicts about them went with them.
      if (selection.from === null)
        for (const seqs of selectedRows(database, selection, 'events', last))
          await this.#removeRows('events', seqs, selection, counts);
      return counts;
    } finally {
      database.close();
    }
  }

  async #removeRows(
    rows: Rows,
    seqs: readonly number[],
    { from }: Selection,
    counts: Counts,
  ): Promise<void> {
    for (let at = 0; at < seqs.length;) {
      const step = seqs.slice(at, at + STEP_ROWS);
      const { removed } = await this.#steps.run(() =>
        // What erases a sender erases the posts that its messages came in.
        this.#writer.remove(rows, step, { withDeliveries: from !== null }),
      );
      at += removed.done;
      counts.removed += removed.messages;
      counts.removedEvents += removed.events;
      counts.removedDeliveries += removed.deliveries;
      this.#stepsTaken += 1;
      if (this.#stepsTaken % STEPS_A_PAUSE === 0) await this.#follow();
      this.#onStep('removing', counts.removed + counts.removedEvents);
    }
  }

  /** Has the index follow the removals, and deletes their records: they name messages that are gone. */
  async #follow(): Promise<void> {
    const last = this.#writer.lastRemoval;
    await updateIndex(this.#path, this.#lock, 'removals', ({ index }) =>
      this.#onStep('index', index.removals),
    );
    await this.#steps.run(() => ({ failure: this.#writer.purgeRemovals(last) }));
    this.#writer.wal.copy();
  }

  /** The index is rebuilt, too: it holds parts of removed texts until its compaction reaches them. */
  async #vacuum(): Promise<void> {
    await this.#steps.run(() => ({ failure: this.#writer.vacuum() }));
    await this.#steps.run(() => ({ failure: this.#writer.renewIndex() }));
    await updateIndex(this.#path, this.#lock, 'search', ({ index }) =>
      this.#onStep('index', index.searchedSeq),
    );
  }

  async #shrink(): Promise<void> {
    const { free: freeBefore, shrinkable } = this.#writer.pages();
    let free = freeBefore;
    for (let done = 0; shrinkable && free > 0;) {
      await this.#steps.run(() => ({ failure: this.#writer.shrink(STEP_PAGES) }));
      done += STEP_PAGES;
      this.#onStep('shrinking', done);
      const left = this.#writer.pages().free;
      // A service whose retention runs may free pages as fast as they are returned.
      if (left >= free) return;
      free = left;
    }
  }

  async #truncateWal(): Promise<boolean> {
    this.#writer.wal.copy();
    for (let tries = 0; tries < WAL_TRIES_MAX; tries += 1) {
      if (this.#writer.wal.truncate()) return true;
      await sleep(WAL_RETRY_MS);
    }
    return false;
  }

  #bytes(): number {
    const { total, bytesEach } = this.#writer.pages();
    return total * bytesEach;
  }
}
