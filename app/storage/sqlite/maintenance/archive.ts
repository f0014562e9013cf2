// Reads everything that a migration takes along: the messages in the order of their numbers, and the tombstones.
import type { DatabaseSync } from 'node:sqlite';
import type { NumberedMessage } from '../../migration.ts';
import { counterReader } from '../file/counters.ts';
import { prepared } from '../file/statements.ts';
import { ARCHIVED_COLUMNS } from './export.ts';

/** The methods of a MigrationEnd that read. Each statement has a snapshot of its own. */
export class Archive {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws what SQLite throws. */
  lastSeq(): number {
    return counterReader(this.#database)('last_seq');
  }

  /** Throws what SQLite throws. */
  messages(after: number, upTo: number, limit: number): NumberedMessage[] {
    const select = prepared<NumberedMessage>(
      this.#database,
      `SELECT m.seq, ${ARCHIVED_COLUMNS} FROM messages m WHERE m.seq > ? AND m.seq <= ? ORDER BY m.seq LIMIT ?`,
    );
    return select.all(after, upTo, limit);
  }

  /** Throws what SQLite throws. */
  tombstones(after: Uint8Array | null, limit: number): Uint8Array[] {
    const select = prepared(
      this.#database,
      'SELECT id_hash FROM tombstones WHERE id_hash > ? ORDER BY id_hash LIMIT ?',
    );
    // None is empty.
    const rows = select.all(after ?? new Uint8Array(), limit);
    return rows.map((row) => row['id_hash'] as Uint8Array);
  }
}
