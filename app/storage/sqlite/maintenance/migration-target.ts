// A new database file as the target of a migration: written under another name, which no service opens, and renamed at the end.
import { existsSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { AdminError } from '../../admin.ts';
import type {
  MigratedForward,
  MigrationTarget,
  NumberedDelivery,
  NumberedItem,
} from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { openForWriting } from '../file/connection.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { migrate } from '../file/migrations.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { prepared } from '../file/statements.ts';
import { type Removed, purgeRemovals, removeItems } from '../write/remover.ts';
import { SourceTally, insertDelivery, insertEvent, insertMessage } from '../write/rows.ts';
import { Archive } from './archive.ts';
import { publish } from './files.ts';
import {
  insertUnfinished,
  migratedForwards,
  migratedUnfinished,
  replaceForwards,
} from './migrated-forwards.ts';

/** Holds the pages of a large transaction: ids come in no order. */
const CACHE_KIB = 262_144;
/** Transactions between two checkpoints, so that a page that several of them change is copied once. */
const TRANSACTIONS_A_CHECKPOINT = 16;

export class FileTarget implements MigrationTarget {
  readonly #path: string;
  /** The name until the end. */
  readonly #partial: string;
  readonly #lock: ServiceLock;
  readonly #database: DatabaseSync;
  readonly #archive: Archive;
  #transactions = 0;
  #closed = false;

  /** Creates the file, or opens the one that was left unfinished. Throws AdminError `name_taken`, InUseError, and what SQLite throws. */
  constructor(path: string) {
    this.#path = path;
    this.#partial = `${path}.migrating`;
    this.#assertFree();
    this.#lock = ServiceLock.exclusive(
      this.#partial,
      `another migration writes to ${this.#partial}`,
    );
    try {
      this.#database = openForWriting(this.#partial, CACHE_KIB);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#archive = new Archive(this.#database);
    try {
      migrate(this.#database);
      // What is removed from the source meanwhile leaves nothing here, either.
      this.#database.exec('PRAGMA secure_delete = ON');
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  async lastSeq(): Promise<number> {
    return this.#archive.lastSeq();
  }

  async items(after: number, upTo: number, limit: number): Promise<NumberedItem[]> {
    return this.#archive.items(after, upTo, limit);
  }

  async deliveries(after: number, upTo: number, limit: number): Promise<NumberedDelivery[]> {
    return this.#archive.deliveries(after, upTo, limit);
  }

  async tombstones(after: Uint8Array | null, limit: number): Promise<Uint8Array[]> {
    return this.#archive.tombstones(after, limit);
  }

  async forwards(): Promise<MigratedForward[]> {
    return migratedForwards(this.#database);
  }

  async unfinished(name: string, after: number, limit: number): Promise<Unfinished[]> {
    return migratedUnfinished(this.#database, name, after, limit);
  }

  async storeForwards(forwards: readonly MigratedForward[]): Promise<void> {
    this.#transaction(() => replaceForwards(this.#database, forwards));
  }

  async storeUnfinished(forward: MigratedForward, rows: readonly Unfinished[]): Promise<void> {
    this.#transaction(() => insertUnfinished(this.#database, forward, rows));
  }

  async store(items: readonly NumberedItem[]): Promise<void> {
    const last = items.at(-1);
    if (last === undefined) return;
    const sources = new SourceTally();
    this.#transaction(() => {
      let events = 0;
      for (const item of items) {
        const isEvent = 'event_id' in item;
        const isNew = isEvent
          ? insertEvent(this.#database, item)
          : insertMessage(this.#database, item);
        if (!isNew) throw new Error('an id comes twice in what is copied');
        if (isEvent) events += 1;
        if (item.source !== null)
          sources.add(item.source, isEvent ? 'events' : 'messages', 1, item.created_at);
      }
      this.#add('events', events);
      this.#add('messages', items.length - events);
      sources.write(this.#database);
      counterWriter(this.#database)('last_seq', last.seq);
    });
  }

  async storeDeliveries(deliveries: readonly NumberedDelivery[]): Promise<void> {
    const sources = new SourceTally();
    this.#transaction(() => {
      for (const delivery of deliveries)
        if (insertDelivery(this.#database, delivery.number, delivery))
          sources.add(delivery.source, 'deliveries', 1, null);
      sources.write(this.#database);
    });
  }

  async removeDeliveries(numbers: readonly number[]): Promise<void> {
    const remove = prepared<{ readonly source: string }>(
      this.#database,
      'DELETE FROM deliveries WHERE number = ? RETURNING source',
    );
    const sources = new SourceTally();
    this.#transaction(() => {
      for (const number of numbers)
        for (const { source } of remove.all(number)) sources.add(source, 'deliveries', -1, null);
      sources.write(this.#database);
    });
  }

  async relink(items: readonly NumberedItem[]): Promise<void> {
    this.#transaction(() => {
      for (const item of items)
        prepared(
          this.#database,
          `UPDATE ${'event_id' in item ? 'events' : 'messages'} SET delivery = ? WHERE seq = ?`,
        ).run(item.delivery, item.seq);
    });
  }

  async addTombstones(tombstones: readonly Uint8Array[]): Promise<void> {
    const insert = prepared(
      this.#database,
      'INSERT OR IGNORE INTO tombstones (id_hash) VALUES (?)',
    );
    this.#transaction(() => {
      let added = 0;
      for (const hash of tombstones) added += Number(insert.run(hash).changes);
      this.#add('tombstones', added);
    });
  }

  async remove(items: readonly NumberedItem[]): Promise<void> {
    const [events, messages] = [true, false].map((isEvent) =>
      items.filter((item) => 'event_id' in item === isEvent).map(({ seq }) => seq),
    );
    this.#transaction(() => {
      removeAll(messages ?? [], (seqs) => removeItems(this.#database, 'messages', seqs));
      removeAll(events ?? [], (seqs) => removeItems(this.#database, 'events', seqs));
      // There is no index that has to follow.
      purgeRemovals(this.#database, counterReader(this.#database)('removals'));
    });
  }

  async finish(lastSeq: number): Promise<void> {
    this.#transaction(() => counterWriter(this.#database)('last_seq', lastSeq));
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#release();
    this.#assertFree();
    publish(this.#partial, this.#path, false);
    for (const suffix of ['-wal', '-shm', '-lock']) rmSync(this.#partial + suffix, { force: true });
  }

  async close(): Promise<void> {
    this.#release();
  }

  /** Also where another file's log is left: SQLite would take it for that of the new file. */
  #assertFree(): void {
    for (const suffix of ['', '-wal', '-journal'])
      if (existsSync(this.#path + suffix))
        throw new AdminError(
          'name_taken',
          `${this.#path}${suffix} is there already: name a new file`,
        );
  }

  #add(counter: 'messages' | 'events' | 'tombstones', count: number): void {
    counterWriter(this.#database)(counter, counterReader(this.#database)(counter) + count);
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#transactions += 1;
    if (this.#transactions % TRANSACTIONS_A_CHECKPOINT === 0)
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
    this.#lock.release();
  }
}

/** Removes rows step by step. */
function removeAll(seqs: readonly number[], remove: (seqs: readonly number[]) => Removed): void {
  for (let at = 0; at < seqs.length;) at += remove(seqs.slice(at)).done;
}
