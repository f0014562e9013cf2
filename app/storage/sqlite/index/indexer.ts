// Follows the database by sequence number and keeps the index up to date, one batch a transaction.
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS } from '../file/connection.ts';
import { change, prepared, preparedArrays } from '../file/statements.ts';
import { indexedForm, isComposing } from './folding.ts';
import { addBatch, readBatch } from './list-filler.ts';
import { readRemovals, removeAll } from './removal.ts';
import { MAIN, deleteIndex, openIndex } from './schema.ts';
import { type IndexState, type IndexProgress, readProgress } from './state.ts';

/** Messages of a batch of the lists. Sorted, a large batch writes each page once: batches of 2,048 cost half as much again. */
const LIST_BATCH_MESSAGES = 16_384;
/** Messages of a batch of search, and characters: the lists wait for it. */
const SEARCH_BATCH_MESSAGES = 4_096;
const SEARCH_BATCH_UNITS = 2_097_152;
/** Removals of a batch: taking a text out of search costs as much as adding one. */
const REMOVAL_BATCH = 512;

const ADD_TEXT = 'INSERT INTO texts (rowid, text) VALUES (?, ?)';
const ADD_COMPOSING = 'INSERT INTO composing (seq) VALUES (?)';

/** What one step did. */
export type Step = 'renewed' | 'removals' | 'lists' | 'search' | 'epoch' | 'none';

/** A step whose reading is done: `write` runs in a transaction of the index alone. */
interface Work {
  readonly step: Step;
  readonly write: () => void;
}

/**
 * The only writer of the index file; its process holds the service lock. It reads a batch in one transaction and writes it in
 * another, which holds no snapshot of the database: a snapshot would keep the database's WAL from restarting.
 */
export class Indexer {
  readonly #path: string;
  #database: DatabaseSync;
  #progress: IndexProgress;
  /** The last batch that the file is known to hold without its WAL (see wal-consistency.ts). */
  #checkpointed = 0;

  /**
   * Opens the index of the database at `path`. Deletes one of another version and a file that is no index; an index of another
   * database is renewed by the first `step`. Throws what SQLite or the system throws.
   */
  constructor(path: string) {
    this.#path = path;
    this.#database = openIndex(path);
    try {
      this.#progress = readProgress(this.#database, 'main', MAIN);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** How far the index is after the last step, and the database as that step read it. */
  get progress(): IndexProgress {
    return this.#progress;
  }

  /**
   * Runs the next step: removals first, then lists where they lack `listMessagesMin` messages, then search unless `search` is false.
   * Throws what SQLite throws: the step is rolled back then.
   */
  step(listMessagesMin = 1, search = true): Step {
    const work = this.#reading(() => this.#nextWork(listMessagesMin, search));
    if (work.step === 'renewed') work.write();
    else if (work.step === 'removals') this.#overwriting(work.write);
    else if (work.step !== 'none') this.#writing(work.write);
    return work.step;
  }

  /**
   * Copies the WAL into the file as far as readers let it. `restart` waits for short reads, so that it restarts.
   * Returns how many pages it has. Throws what SQLite throws.
   */
  checkpoint(restart: boolean): number {
    const mode = restart ? 'RESTART' : 'PASSIVE';
    const { pages, copied } = this.#checkpoint(mode);
    if (copied === pages) this.#checkpointed = this.#batch();
    return pages;
  }

  /** Empties the WAL, unless a reader is open: then no byte of what was removed is left. Returns whether it could. */
  truncateWal(): boolean {
    this.#database.exec('PRAGMA busy_timeout = 0');
    try {
      return this.#checkpoint('TRUNCATE').done;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  #checkpoint(mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE'): {
    done: boolean;
    pages: number;
    copied: number;
  } {
    const row = prepared(this.#database, `PRAGMA main.wal_checkpoint(${mode})`).get();
    return {
      done: row?.['busy'] === 0,
      pages: Number(row?.['log']),
      copied: Number(row?.['checkpointed']),
    };
  }

  #batch(): number {
    return Number(prepared(this.#database, 'SELECT batch FROM main.state').get()?.['batch']);
  }

  /** Closes the file; SQLite deletes its WAL then, unless a reader is open. */
  close(): void {
    this.#database.close();
  }

  /** To be called inside a read transaction: what is written belongs to the epoch that is read here. */
  #nextWork(listMessagesMin: number, search: boolean): Work {
    this.#progress = readProgress(this.#database, 'main', MAIN);
    const { index, main, isIndexOfThisDatabase } = this.#progress;
    const listed = index.listedSeq > 0;
    if (!isIndexOfThisDatabase || (listed && index.removals < main.purgedRemovals))
      return { step: 'renewed', write: () => this.#renew() };
    if (listed && index.removals < main.removals) return this.#followRemovals();
    if (main.lastSeq - index.listedSeq >= listMessagesMin) return this.#fillLists();
    if (search && index.searchedSeq < index.listedSeq) return this.#fillSearch();
    // Epochs are forgotten in time: an index must not be of one that is long over only because no message came.
    if (listed && index.epoch !== main.epoch)
      return { step: 'epoch', write: () => this.#advance({}) };
    return { step: 'none', write: () => undefined };
  }

  /** Starts an empty index. */
  #renew(): void {
    this.#database.close();
    deleteIndex(this.#path);
    this.#database = openIndex(this.#path);
  }

  #followRemovals(): Work {
    const { index, main } = this.#progress;
    const removals = readRemovals(this.#database, MAIN, index.removals, REMOVAL_BATCH);
    const last = removals.length < REMOVAL_BATCH ? main.removals : removals.at(-1)?.number;
    return {
      step: 'removals',
      write: () => {
        const emptied = removeAll(this.#database, removals);
        this.#advance({
          removals: last ?? main.removals,
          senders: index.senders - emptied,
        });
      },
    };
  }

  #fillLists(): Work {
    const { index, main } = this.#progress;
    const { messages, lastSeq } = readBatch(this.#database, index.listedSeq, LIST_BATCH_MESSAGES);
    // The last numbers may be those of messages that are removed already.
    const end = messages === LIST_BATCH_MESSAGES ? lastSeq : main.lastSeq;
    // Where nothing was listed, no removal has to be followed.
    const removals = index.listedSeq === 0 ? main.removals : index.removals;
    return {
      step: 'lists',
      write: () => {
        const added = addBatch(this.#database, messages);
        this.#advance({ listedSeq: end, removals, senders: index.senders + added });
      },
    };
  }

  #fillSearch(): Work {
    const { index } = this.#progress;
    const { texts, end } = this.#readTexts(index.searchedSeq, index.listedSeq);
    return {
      step: 'search',
      write: () => {
        for (const [seq, text] of texts) {
          change(this.#database, ADD_TEXT, seq, indexedForm(text));
          if (isComposing(text)) change(this.#database, ADD_COMPOSING, seq);
        }
        this.#advance({ searchedSeq: end });
      },
    };
  }

  /** Texts after one number and up to another, as many as make a batch, and the number that they reach. */
  #readTexts(
    afterSeq: number,
    upToSeq: number,
  ): { texts: [seq: number, text: string][]; end: number } {
    const select = preparedArrays<[number, string | null]>(
      this.#database,
      `SELECT seq, text FROM ${MAIN}.messages WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${SEARCH_BATCH_MESSAGES}`,
    );
    const texts: [number, string][] = [];
    let [rows, units, end] = [0, 0, upToSeq];
    for (const [seq, text] of select.iterate(afterSeq, upToSeq)) {
      rows += 1;
      if (text !== null) texts.push([seq, text]);
      units += text?.length ?? 0;
      if (rows === SEARCH_BATCH_MESSAGES || units >= SEARCH_BATCH_UNITS) {
        end = seq;
        break;
      }
    }
    return { texts, end };
  }

  /** Updates the watermarks, and the epoch of the database that they were read in. Last in a step: its commit makes them true. */
  #advance(to: Partial<IndexState>): void {
    const { index, main } = this.#progress;
    const next = { ...index, ...to, epoch: main.epoch };
    change(
      this.#database,
      `UPDATE state SET epoch = ?, listed_seq = ?, searched_seq = ?, removals = ?, senders = ?,
         batch = batch + 1, checkpointed = ?`,
      next.epoch,
      next.listedSeq,
      next.searchedSeq,
      next.removals,
      next.senders,
      this.#checkpointed,
    );
    this.#progress = { ...this.#progress, index: next };
  }

  #reading<T>(work: () => T): T {
    change(this.#database, 'BEGIN');
    try {
      return work();
    } finally {
      if (this.#database.isTransaction) change(this.#database, 'COMMIT');
    }
  }

  /** What is removed is overwritten with zeros, also in pages that become free by it. */
  #overwriting(work: () => void): void {
    this.#database.exec('PRAGMA main.secure_delete = ON');
    try {
      this.#writing(work);
    } finally {
      this.#database.exec('PRAGMA main.secure_delete = FAST');
    }
  }

  #writing(work: () => void): void {
    change(this.#database, 'BEGIN');
    try {
      work();
      change(this.#database, 'COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
