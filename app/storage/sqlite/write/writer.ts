// Stores batches of messages: one transaction, one sync, an outcome for each message.
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Message } from '../../../model/message.ts';
import { BUSY_TIMEOUT_MS, CACHE_KIB, openForWriting } from '../file/connection.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { failureOf } from '../file/failure.ts';
import { APPEND_OUTCOMES, type Failure } from '../protocol.ts';
import { Inserter } from './inserter.ts';
import { migrate } from '../file/migrations.ts';
import { OrderFiller } from '../order-filler.ts';
import { type Pages, pagesOf } from '../file/pages.ts';
import { removeEntries } from './remover.ts';
import { type Selection, selectedEntries } from '../maintenance/selection.ts';
import { resyncLog } from '../file/rewrite-wal.ts';
import { applyPiece, type SearchPiece } from '../search/indexer.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { prepared } from '../file/statements.ts';

const UNAVAILABLE = APPEND_OUTCOMES.indexOf('unavailable');

interface Statements {
  readonly inserter: Inserter;
  readonly counter: ReturnType<typeof counterReader>;
  readonly setCounter: ReturnType<typeof counterWriter>;
  readonly order: OrderFiller;
}

/** The one connection that writes. Not safe for use by two threads. */
export class Writer {
  readonly #path: string;
  readonly #cacheKib: number;
  readonly #lock: ServiceLock;
  #seenVersion = 0;
  #database: DatabaseSync;
  #statements: Statements;

  /**
   * Opens and migrates the file. Throws what SQLite throws, SchemaError, or InUseError. `cacheKib`: memory for pages;
   * much of it is for large transactions only.
   */
  constructor(path: string, cacheKib = CACHE_KIB) {
    this.#path = path;
    this.#cacheKib = cacheKib;
    this.#lock = ServiceLock.forService(path);
    let database: DatabaseSync | null = null;
    try {
      database = openForWriting(path, cacheKib);
      resyncLog(database, path);
      migrate(database);
      this.#statements = prepare(database);
      this.#database = database;
    } catch (error) {
      database?.close();
      this.#lock.release();
      throw error;
    }
  }

  /**
   * Stores a batch in one transaction. Gives an outcome code (see APPEND_OUTCOMES) for each message, in order;
   * when the transaction fails, every one is `unavailable` and nothing of the batch is stored. `createdAt` has the
   * time of each one's arrival where that was not now.
   */
  append(
    messages: readonly Message[],
    createdAt: readonly (string | null)[] = [],
  ): {
    outcomes: Uint8Array;
    created: number;
    failure: Failure | null;
  } {
    const outcomes = new Uint8Array(messages.length);
    let created = 0;
    const failure = this.#transaction(() => {
      created = this.#statements.inserter.insertAll(messages, createdAt, outcomes);
    });
    if (failure === null) return { outcomes, created, failure };
    return { outcomes: outcomes.fill(UNAVAILABLE), created: 0, failure };
  }

  /** Whether anybody else has committed something since this was asked the last time. */
  othersCommitted(): boolean {
    const seen = this.#seenVersion;
    const row = this.#database.prepare('PRAGMA data_version').get();
    this.#seenVersion = Number(row?.['data_version']);
    return seen !== 0 && seen !== this.#seenVersion;
  }

  /** Moves what it can of the WAL into the database file without waiting for anyone. */
  checkpoint(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // The WAL keeps what could not be copied, so nothing is lost; a disk that fails shows itself at the next commit.
    }
  }

  /** Writes and syncs something harmless, to learn whether writing works again. */
  probe(): Failure | null {
    return this.#transaction(() => {
      this.#statements.setCounter('last_seq', this.#statements.counter('last_seq'));
    });
  }

  /** Whether this process is the one that fills the search index: two would spoil each other's merges. */
  mayIndex(): boolean {
    return this.#lock.rise();
  }

  /** Puts a piece of the search index in, in a transaction of its own. */
  applySearchPiece(piece: SearchPiece): Failure | null {
    return this.#transaction(() => applyPiece(this.#database, piece));
  }

  /** How much is left to do on the orders: 0 when they hold every message. */
  orderBacklog(): number {
    return this.#statements.order.backlog();
  }

  /** Adds up to `messagesMax` stored messages to both orders, in a transaction of its own. */
  fillOrder(messagesMax: number): Failure | null {
    return this.stepOrders((orders) => orders.fill(messagesMax));
  }

  /** Takes a step on the orders, in a transaction of its own. */
  stepOrders(step: (orders: OrderFiller) => void): Failure | null {
    return this.#transaction(() => step(this.#statements.order));
  }

  /** Removes the first of the selected messages that the orders hold, `messagesMax` at most, in a transaction of its own. */
  prune(selection: Selection, messagesMax: number): { removed: number; failure: Failure | null } {
    let removed = 0;
    const failure = this.#overwriting(() => {
      const entries = selectedEntries(this.#database, selection, messagesMax);
      removeEntries(this.#database, entries);
      removed = entries.length;
    });
    return failure === null ? { removed, failure } : { removed: 0, failure };
  }

  /** Gives up to `pagesMax` free pages back to the file system, in a transaction of its own, where the file can do that. */
  shrink(pagesMax: number): Failure | null {
    return this.#transaction(() => this.#database.exec(`PRAGMA incremental_vacuum(${pagesMax})`));
  }

  /** Writes the whole file anew, without anything that was removed. Nobody else can write meanwhile. */
  vacuum(): Failure | null {
    try {
      // The copy is as large as the messages: it goes into a file, and not into another file system than theirs.
      this.#database.exec(
        `PRAGMA temp_store_directory = '${dirname(this.#path).replaceAll("'", "''")}'`,
      );
      this.#database.exec(
        'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY',
      );
      // The temporary tables went with the setting.
      this.#statements = prepare(this.#database);
      return null;
    } catch (error) {
      const failure = failureOf(error);
      this.#recover(failure);
      return failure;
    }
  }

  /** Pages of the file, those of them that hold nothing, and whether it can give them back by `shrink`. */
  pages(): Pages {
    return pagesOf(this.#database);
  }

  /** Moves all of the WAL into the file and empties it, unless somebody is reading or writing. Gives whether it could. */
  truncateLog(): boolean {
    return this.startLogOver(0, 'TRUNCATE');
  }

  /** Moves all of the WAL into the file, so that the next commit starts it over. Readers have `waitMs` to end. Gives whether it could. */
  startLogOver(waitMs: number, mode: 'RESTART' | 'TRUNCATE' = 'RESTART'): boolean {
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${waitMs}`);
      return this.#database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()?.['busy'] === 0;
    } catch {
      return false;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /** Moves the WAL into the database file and closes it. */
  close(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full disk the WAL stays as it is: what it holds is durable, and the next start reads it.
    }
    this.#database.close();
    this.#lock.release();
  }

  /** A transaction that overwrites with zeros whatever it deletes, also pages that become free by it. */
  #overwriting(work: () => void): Failure | null {
    try {
      this.#database.exec('PRAGMA secure_delete = ON');
      return this.#transaction(work);
    } finally {
      this.#database.exec('PRAGMA secure_delete = FAST');
    }
  }

  #transaction(work: () => void): Failure | null {
    try {
      prepared(this.#database, 'BEGIN IMMEDIATE').run();
      work();
      prepared(this.#database, 'COMMIT').run();
      return null;
    } catch (error) {
      const failure = failureOf(error);
      this.#recover(failure);
      return failure;
    }
  }

  /**
   * Leaves no transaction open. After anything but a lock the connection is opened anew: when a sync has failed,
   * the kernel may have dropped the pages that were not written, and what the old connection holds in memory proves nothing.
   */
  #recover(failure: Failure): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#statements.order.forget();
      if (failure === 'locked') return;
      this.#reopen();
    } catch {
      // The trouble goes on. The next batch meets it again, answers `unavailable`, and comes back here.
    }
  }

  #reopen(): void {
    const fresh = openForWriting(this.#path, this.#cacheKib);
    try {
      this.#statements = prepare(fresh);
    } catch (error) {
      fresh.close();
      throw error;
    }
    this.#database.close();
    this.#database = fresh;
  }
}

function prepare(database: DatabaseSync): Statements {
  return {
    inserter: new Inserter(database),
    counter: counterReader(database),
    setCounter: counterWriter(database),
    order: new OrderFiller(database),
  };
}
