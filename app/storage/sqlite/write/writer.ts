// The one connection that changes the database: batches of messages, removals, checkpoints, each a transaction of its own.
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ArchivedDelivery } from '../../archive.ts';
import type { Storable } from '../../conflict.ts';
import { BUSY_TIMEOUT_MS, CACHE_KIB, openForWriting } from '../file/connection.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { beginEpoch, renewEpochs } from '../file/epochs.ts';
import { failureOf } from '../file/failure.ts';
import type { ForwardWrite } from '../file/forward-protocol.ts';
import { migrate } from '../file/migrations.ts';
import { type Pages, pagesOf } from '../file/pages.ts';
import type { AppendResult, Failure, ForwardOutcome } from '../file/protocol.ts';
import { rewriteWal } from '../file/rewrite-wal.ts';
import type { ServiceLock } from '../file/service-lock.ts';
import { prepared } from '../file/statements.ts';
import { openWalIndex } from '../file/wal-index.ts';
import { applyForward, mayDeleteRows } from './forward-writer.ts';
import { Inserter } from './inserter.ts';
import { type Linked, linkDeliveries } from './linker.ts';
import {
  NOTHING_REMOVED,
  type RemovalOptions,
  type Removed,
  purgeRemovals,
  removeItems,
} from './remover.ts';
import { retireSome } from './retire-tables.ts';
import { vacuum } from './vacuum.ts';
import { Wal } from './wal.ts';

/** Not safe for use by two threads. */
export class Writer {
  readonly #path: string;
  readonly #cacheKib: number;
  readonly #lock: ServiceLock;
  #seenVersion = 0;
  #epochBegun = false;
  #database: DatabaseSync;
  #inserter: Inserter;
  #wal: Wal;

  /**
   * Opens and migrates the file; the first write begins an epoch. `lock` is released by `close`, and where this throws: what SQLite throws, or
   * SchemaError. `cacheKib`: memory for pages; much of it is for large transactions only.
   */
  constructor(path: string, lock: ServiceLock, cacheKib = CACHE_KIB) {
    this.#path = path;
    this.#cacheKib = cacheKib;
    this.#lock = lock;
    let database: DatabaseSync | null = null;
    try {
      database = openForWriting(path, cacheKib);
      rewriteWal(database, path);
      migrate(database);
      this.#inserter = new Inserter(database);
      this.#wal = new Wal(database, path, openWalIndex(path));
      this.#database = database;
    } catch (error) {
      database?.close();
      lock.release();
      throw error;
    }
  }

  /**
   * Stores a batch of items in one transaction. Returns what became of it. `createdAt` has the time of each one's arrival where that
   * was not now, and the item does not say.
   */
  append(items: readonly Storable[], createdAt: readonly (string | null)[] = []): AppendResult {
    return this.commit(items, [], createdAt).appended;
  }

  /** Stores items likewise, and changes of destinations in the same transaction. Returns what became of each. */
  commit(
    items: readonly Storable[],
    writes: readonly ForwardWrite[],
    createdAt: readonly (string | null)[] = [],
  ): { readonly appended: AppendResult; readonly outcomes: readonly ForwardOutcome[] } {
    const codes = new Uint8Array(items.length);
    let inserted = { created: 0, lastSeq: 0 };
    let outcomes: ForwardOutcome[] = [];
    const work = (): void => {
      if (items.length > 0) inserted = this.#inserter.insertAll(items, createdAt, codes);
      outcomes = writes.map((write) => applyForward(this.#database, write));
    };
    // Rows of forwarding name senders: where they are deleted, nothing of them stays.
    const failure = writes.some(mayDeleteRows) ? this.#overwriting(work) : this.#transaction(work);
    return failure === null
      ? { appended: { failure, outcomes: codes, ...inserted }, outcomes }
      : { appended: { failure }, outcomes: writes.map(() => ({ failure })) };
  }

  /** Stores deliveries of items that are stored, in one transaction. Returns what became of each. */
  link(deliveries: readonly ArchivedDelivery[]): Linked {
    let linked: Linked['linked'] = [];
    const failure = this.#transaction(() => {
      linked = linkDeliveries(this.#database, deliveries);
    });
    return { linked, failure };
  }

  /** Whether another connection has committed something since the last call. */
  othersCommitted(): boolean {
    const seen = this.#seenVersion;
    const row = this.#database.prepare('PRAGMA data_version').get();
    this.#seenVersion = Number(row?.['data_version']);
    return seen !== 0 && seen !== this.#seenVersion;
  }

  /** What it has committed and the file may lack. */
  get wal(): Wal {
    return this.#wal;
  }

  /** Writes and syncs something harmless, to learn whether writing works again. Returns why it does not. */
  probe(): Failure | null {
    return this.#transaction(() => {
      counterWriter(this.#database)('last_seq', this.lastSeq);
    });
  }

  /** The highest number assigned to an item. Throws what SQLite throws. */
  get lastSeq(): number {
    return counterReader(this.#database)('last_seq');
  }

  /** The highest number assigned to a removal. Throws what SQLite throws. */
  get lastRemoval(): number {
    return counterReader(this.#database)('removals');
  }

  /** Removes messages, or events, by their numbers, as remover.ts says. Returns what was removed, or why nothing was. */
  remove(
    items: 'messages' | 'events',
    seqs: readonly number[],
    options: RemovalOptions = {},
  ): { removed: Removed; failure: Failure | null } {
    let removed = NOTHING_REMOVED;
    const failure = this.#overwriting(() => {
      removed = removeItems(this.#database, items, seqs, options);
    });
    return { removed: failure === null ? removed : NOTHING_REMOVED, failure };
  }

  /** Deletes the records of removals up to the number, which the index has followed. */
  purgeRemovals(upTo: number): Failure | null {
    return this.#overwriting(() => purgeRemovals(this.#database, upTo));
  }

  /** Takes a step of dropping the tables of earlier versions. Returns whether any remain, or why it failed. */
  retireSome(): { remaining: boolean; failure: Failure | null } {
    let remaining = true;
    const failure = this.#overwriting(() => {
      remaining = retireSome(this.#database);
    });
    return { remaining, failure };
  }

  /** Has every index of this database deleted and built again. */
  renewIndex(): Failure | null {
    return this.#transaction(() => renewEpochs(this.#database));
  }

  /** Returns up to `pagesMax` free pages to the file system, in a transaction of its own, where the file can do that. */
  shrink(pagesMax: number): Failure | null {
    return this.#transaction(() => this.#database.exec(`PRAGMA incremental_vacuum(${pagesMax})`));
  }

  /** Rewrites the whole file without anything that was removed. No other process can write meanwhile. */
  vacuum(): Failure | null {
    try {
      vacuum(this.#database, dirname(this.#path));
      return null;
    } catch (error) {
      const failure = failureOf(error);
      this.#recover(failure);
      return failure;
    }
  }

  /** Pages of the file, those of them that hold nothing, and whether it can return them by `shrink`. */
  pages(): Pages {
    return pagesOf(this.#database);
  }

  /** Moves the WAL into the database file and closes it. */
  close(): void {
    // On a full disk the WAL stays as it is: what it holds is durable, and the next start reads it.
    this.#wal.restart(BUSY_TIMEOUT_MS, 'TRUNCATE');
    this.#database.close();
    this.#lock.release();
  }

  /** A transaction that overwrites with zeros what it deletes, also pages that become free by it. */
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
      if (!this.#epochBegun) beginEpoch(this.#database);
      work();
      prepared(this.#database, 'COMMIT').run();
      this.#epochBegun = true;
      return null;
    } catch (error) {
      const failure = failureOf(error);
      this.#recover(failure);
      return failure;
    }
  }

  /**
   * Leaves no transaction open. After anything but a lock a new connection is opened: when a sync has failed,
   * the kernel may have dropped the pages that were not written, and what the old connection holds in memory proves nothing.
   */
  #recover(failure: Failure): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (failure === 'locked') return;
      this.#reopen();
    } catch {
      // The failure persists. The next batch fails again with `unavailable`, and comes back here.
    }
  }

  #reopen(): void {
    const fresh = openForWriting(this.#path, this.#cacheKib);
    try {
      this.#inserter = new Inserter(fresh);
    } catch (error) {
      fresh.close();
      throw error;
    }
    this.#wal = new Wal(fresh, this.#path, this.#wal.index);
    this.#database.close();
    this.#database = fresh;
  }
}
