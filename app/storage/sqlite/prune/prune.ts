// Removes selected messages for good, step by step, also while a service runs on the same file.
import { setTimeout as sleep } from 'node:timers/promises';
import { openForReading } from '../connection.ts';
import { SearchWork } from '../search/work.ts';
import { inSnapshot } from '../snapshot.ts';
import { Courtesy } from '../transfer/courtesy.ts';
import { Writer } from '../writer.ts';
import { type Selection, countSelected } from './selection.ts';

/** Messages, and pages, of a step: its transaction is short, because a service's commits wait for it. */
const STEP_MESSAGES = 256;
const STEP_PAGES = 512;
const ORDER_MESSAGES = 2_048;
/** Steps after which the log is moved into the file, so that it does not grow with the work. */
const STEPS_A_CHECKPOINT = 64;
/** How often emptying the log is tried: each reader that is at work may be in the way of it. */
const LOG_TRIES_MAX = 100;
const LOG_RETRY_MS = 50;

/** How many messages are selected. Throws what SQLite throws. */
export function countPrunable(path: string, selection: Selection): number {
  const database = openForReading(path);
  try {
    return inSnapshot(database, () => countSelected(database, selection));
  } finally {
    database.close();
  }
}

/** Why a work that takes long goes on: called after each step, and may throw to stop it. */
export type Step = (phase: 'removing' | 'index' | 'shrinking', done: number) => void;

export interface Pruned {
  readonly removed: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Whether the file can give back what is free in it; an older one needs `vacuum` first. */
  readonly shrinkable: boolean;
  /** Whether the log was emptied, so that nothing of the messages is in it. */
  readonly logEmptied: boolean;
}

/** The work of one command. Every step is a transaction of its own: whatever ends it, all counts are right, and it can go on. */
export class Pruner {
  readonly #path: string;
  readonly #writer: Writer;
  readonly #courtesy: Courtesy;
  readonly #step: Step;
  #steps = 0;

  /** Opens an existing file. Throws what SQLite throws, or SchemaError. */
  constructor(path: string, step: Step) {
    // Fails where there is no file: a prune must not create one.
    openForReading(path).close();
    this.#path = path;
    this.#writer = new Writer(path);
    this.#courtesy = new Courtesy(this.#writer);
    this.#step = step;
  }

  /** Removes what is selected and was there when it began. `vacuum`: writes the whole file anew, which holds up every write. */
  async prune(selection: Selection, vacuum: boolean): Promise<Pruned> {
    const bytesBefore = this.#bytes();
    await this.#fillOrders();
    const removed = await this.#remove(selection);
    await this.#cleanSearchIndex();
    if (vacuum) await this.#courtesy.step(() => ({ failure: this.#writer.vacuum() }));
    else await this.#shrink();
    const logEmptied = await this.#emptyLog();
    const { shrinkable } = this.#writer.pages();
    return { removed, bytesBefore, bytesAfter: this.#bytes(), shrinkable, logEmptied };
  }

  close(): void {
    this.#writer.close();
  }

  /** Messages are removed by their place in the orders: those that came last may have none yet. */
  async #fillOrders(): Promise<void> {
    let left = this.#writer.orderBacklog();
    // A service may go on storing meanwhile: what was missing at the beginning is enough.
    for (; left > 0 && this.#writer.orderBacklog() > 0; left -= ORDER_MESSAGES)
      await this.#courtesy.step(() => ({ failure: this.#writer.fillOrder(ORDER_MESSAGES) }));
  }

  async #remove(selection: Selection): Promise<number> {
    for (let all = 0; ;) {
      const { removed } = await this.#courtesy.step(() =>
        this.#writer.prune(selection, STEP_MESSAGES),
      );
      if (removed === 0) return all;
      all += removed;
      this.#stepped('removing', all);
    }
  }

  /** Every list that names a removed message, of this run or of one that was ended before it came here. */
  async #cleanSearchIndex(): Promise<void> {
    const database = openForReading(this.#path);
    try {
      const work = new SearchWork(database, 0);
      for (let piece = work.next(), done = 0; piece !== null; piece = work.next()) {
        const next = piece;
        await this.#courtesy.step(() => ({ failure: this.#writer.applySearchPiece(next) }));
        done += 1;
        this.#stepped('index', done);
      }
    } finally {
      database.close();
    }
  }

  async #shrink(): Promise<void> {
    const { free: freeBefore, shrinkable } = this.#writer.pages();
    let free = freeBefore;
    for (let done = 0; shrinkable && free > 0;) {
      await this.#courtesy.step(() => ({ failure: this.#writer.shrink(STEP_PAGES) }));
      done += STEP_PAGES;
      this.#stepped('shrinking', done);
      const left = this.#writer.pages().free;
      // A service that removes messages too may free pages as fast as they are given back.
      if (left >= free) return;
      free = left;
    }
  }

  async #emptyLog(): Promise<boolean> {
    this.#writer.checkpoint();
    for (let tries = 0; tries < LOG_TRIES_MAX; tries += 1) {
      if (this.#writer.truncateLog()) return true;
      await sleep(LOG_RETRY_MS);
    }
    return false;
  }

  #bytes(): number {
    const { total, bytesEach } = this.#writer.pages();
    return total * bytesEach;
  }

  #stepped(phase: Parameters<Step>[0], done: number): void {
    this.#steps += 1;
    if (this.#steps % STEPS_A_CHECKPOINT === 0) this.#writer.checkpoint();
    this.#step(phase, done);
  }
}
