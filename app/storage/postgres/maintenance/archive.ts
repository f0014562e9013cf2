// Reads everything that a migration takes along: the messages in the order of their numbers, and the tombstones.
import type { NumberedMessage } from '../../migration.ts';
import { MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from '../read/rows.ts';
import { lastSeqOf } from '../read/stream.ts';
import { ended, expected } from './connection.ts';

type Row = readonly [...MessageRow, createdAt: string, seq: number];

/** The methods of a MigrationEnd. Each statement has a snapshot of its own. */
export class Archive {
  protected readonly session: Session;

  /** The connection is ended by `close`. */
  protected constructor(session: Session) {
    this.session = session;
  }

  async lastSeq(): Promise<number> {
    return await expected(() => lastSeqOf(this.session));
  }

  async messages(after: number, upTo: number, limit: number): Promise<NumberedMessage[]> {
    const rows = await expected(() =>
      this.session.rows<Row>(
        `SELECT ${MESSAGE_COLUMNS}, m.created_at, m.seq FROM ${MESSAGES_AFTER}
         WHERE b.first_seq <= $2::int8 AND m.seq <= $2::int8 ORDER BY b.first_seq, m.ord LIMIT $3::int8`,
        [after, upTo, limit],
      ),
    );
    return rows.map((row) => ({
      ...messageOf(row.slice(0, 7) as unknown as MessageRow),
      created_at: row[7],
      seq: row[8],
    }));
  }

  async tombstones(after: Uint8Array | null, limit: number): Promise<Uint8Array[]> {
    const rows = await expected(() =>
      this.session.rows<[Buffer]>(
        'SELECT id_hash FROM tombstones WHERE id_hash > $1::bytea ORDER BY id_hash LIMIT $2::int8',
        // None is empty.
        [after ?? Buffer.alloc(0), limit],
      ),
    );
    return rows.map(([hash]) => hash);
  }

  async close(): Promise<void> {
    await ended(this.session);
  }
}
