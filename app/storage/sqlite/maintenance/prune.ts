// Removes selected messages for good, step by step, also while a service runs on the same file.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { Pruned, Selection } from '../../admin.ts';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { LAST_KEY } from '../file/keys.ts';
import { REMOVALS_AHEAD_MAX } from '../file/limits.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { Writer } from '../write/writer.ts';
import { updateIndex } from './index-update.ts';
import { YieldingWriter } from './yielding-writer.ts';

/** Messages, and pages, per step: its transaction is short, because a service's commits wait for it. */
const STEP_MESSAGES = 256;
const STEP_PAGES = 512;
/** Messages that are scanned in one statement. */
const SCAN_MESSAGES = 16_384;
/** Steps after which the index follows and the WAL is checkpointed, so that neither grows with the work. */
const STEPS_A_PAUSE = REMOVALS_AHEAD_MAX / STEP_MESSAGES;
/** How often truncating the WAL is tried: any running reader may prevent it. */
const WAL_TRIES_MAX = 100;
const WAL_RETRY_MS = 50;

const SELECTED =
  'm.seq > ? AND m.seq <= ? AND (ts_seconds, ts_nanos) < (?, ?) AND (? IS NULL OR from_msisdn = ?)';

/** Returns the parameters of SELECTED after the two numbers. */
function valuesOf({ before, from }: Selection): [number, number, string | null, string | null] {
  const { seconds, nanos } = before ?? LAST_KEY;
  return [seconds, nanos, from, from];
}

/** Returns how many messages are selected. Throws what SQLite throws. */
export function countPrunable(path: string, selection: Selection): number {
  const database = openForReading(path);
  try {
    const row = database
      .prepare(`SELECT count(*) AS count FROM messages m WHERE ${SELECTED}`)
      .get(0, Number.MAX_SAFE_INTEGER, ...valuesOf(selection));
    return Number(row?.['count']);
  } finally {
    database.close();
  }
}

/** Called after each step; may throw to stop. */
type OnStep = (stage: 'removing' | 'index' | 'shrinking', done: number) => void;

/** An older file cannot return what is free in it. */
const NOT_SHRINKABLE =
  'This file is of an earlier version and shrinks only with --vacuum; new messages use its free space.';
const WAL_IN_USE =
  'The write-ahead log is in use and still holds the removed messages: prune again later.';

/** One prune. Every step is a transaction of its own: however it ends, all counts are right, and it can be continued. */
export class Pruner {
  readonly #path: string;
  readonly #lock: ServiceLock;
  readonly #writer: Writer;
  readonly #steps: YieldingWriter;
  readonly #onStep: OnStep;

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
    const removed = await this.#remove(selection);
    await this.#follow();
    if (vacuum) await this.#vacuum();
    else await this.#shrink();
    const walTruncated = await this.#truncateWal();
    const { shrinkable } = this.#writer.pages();
    return {
      removed,
      bytesBefore,
      bytesAfter: this.#bytes(),
      details: { shrinkable, logEmptied: walTruncated },
      notes: [...(shrinkable ? [] : [NOT_SHRINKABLE]), ...(walTruncated ? [] : [WAL_IN_USE])],
    };
  }

  close(): void {
    this.#writer.close();
  }

  async #remove(selection: Selection): Promise<number> {
    const database = openForReading(this.#path);
    try {
      const last = counterReader(database)('last_seq');
      let removed = 0;
      let steps = 0;
      for (let after = 0, end = 0; after < last; after = end) {
        end = endOfScan(database, after, last);
        const seqs = selected(database, selection, after, end);
        for (let at = 0; at < seqs.length;) {
          const step = seqs.slice(at, at + STEP_MESSAGES);
          const { removed: gone } = await this.#steps.run(() =>
            this.#writer.remove('messages', step),
          );
          at += gone.done;
          removed += gone.messages;
          steps += 1;
          if (steps % STEPS_A_PAUSE === 0) await this.#follow();
          this.#onStep('removing', removed);
        }
      }
      return removed;
    } finally {
      database.close();
    }
  }

  /** Has the index follow the removals, and deletes their records: they name messages that are gone. */
  async #follow(): Promise<void> {
    const last = this.#writer.lastRemoval;
    await updateIndex(this.#path, this.#lock, 'removals', ({ index }) =>
      this.#onStep('index', index.removals),
    );
    await this.#steps.run(() => ({ failure: this.#writer.purgeRemovals(last) }));
    this.#writer.checkpoint();
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
    this.#writer.checkpoint();
    for (let tries = 0; tries < WAL_TRIES_MAX; tries += 1) {
      if (this.#writer.truncateWal()) return true;
      await sleep(WAL_RETRY_MS);
    }
    return false;
  }

  #bytes(): number {
    const { total, bytesEach } = this.#writer.pages();
    return total * bytesEach;
  }
}

/** Returns the last number of the next scan, which covers SCAN_MESSAGES messages, with any gaps. */
function endOfScan(database: DatabaseSync, after: number, last: number): number {
  const [end] = oneRow(
    preparedArrays<[number | null]>(
      database,
      'SELECT max(seq) FROM (SELECT seq FROM messages WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)',
    ),
    after,
    last,
    SCAN_MESSAGES,
  );
  return end ?? last;
}

/** Returns the numbers of the selected messages after one number and up to another. */
function selected(
  database: DatabaseSync,
  selection: Selection,
  after: number,
  upTo: number,
): number[] {
  const rows = preparedArrays<[number]>(
    database,
    `SELECT m.seq FROM messages m WHERE ${SELECTED} ORDER BY m.seq`,
  ).all(after, upTo, ...valuesOf(selection));
  return rows.map(([seq]) => seq);
}
