// A database file as the source of a migration: read beside a running service, and finally without one.
import type { DatabaseSync } from 'node:sqlite';
import type {
  MigratedForward,
  MigrationSource,
  NumberedDelivery,
  NumberedItem,
} from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import { openForReading } from '../file/connection.ts';
import { SCHEMA_VERSION, SchemaError, schemaVersion } from '../file/migrations.ts';
import { InUseError, ServiceLock } from '../file/service-lock.ts';
import { prepared } from '../file/statements.ts';
import { Archive } from './archive.ts';
import { migratedForwards, migratedUnfinished } from './migrated-forwards.ts';

export class FileSource implements MigrationSource {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #archive: Archive;
  #lock: ServiceLock | null = null;
  #closed = false;

  /** Opens an existing file. Throws what SQLite throws, UnusableFile or SchemaError. */
  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path);
    this.#archive = new Archive(this.#database);
    try {
      const version = schemaVersion(this.#database);
      if (version !== SCHEMA_VERSION)
        throw new SchemaError(
          version === null
            ? `${path} is not a database of Oncebox`
            : `${path} has schema version ${version}, not ${SCHEMA_VERSION}: start the service of this version on it once`,
        );
    } catch (error) {
      this.#database.close();
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

  async areRemoved(items: readonly NumberedItem[]): Promise<boolean> {
    const select = prepared(this.#database, 'SELECT 1 FROM tombstones WHERE id_hash = ?');
    return items.every((item) => {
      const hash =
        'event_id' in item ? eventTombstoneOf(item.event_id) : tombstoneOf(item.message_id);
      return select.get(hash) !== undefined;
    });
  }

  async freeze(): Promise<boolean> {
    try {
      this.#lock ??= ServiceLock.exclusive(this.#path);
      return true;
    } catch (error) {
      if (error instanceof InUseError) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
    this.#lock?.release();
  }
}
