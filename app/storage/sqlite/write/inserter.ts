// Inserts a batch of messages, each exactly once: what is there, or was there and was removed, stays as it is.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseInstant } from '../../../model/instant.ts';
import type { Message } from '../../../model/message.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { APPEND_OUTCOMES } from '../file/protocol.ts';
import { tombstoneOf } from '../../tombstones.ts';

const CREATED = APPEND_OUTCOMES.indexOf('created');
const DUPLICATE = APPEND_OUTCOMES.indexOf('duplicate');
const CONFLICT = APPEND_OUTCOMES.indexOf('conflict');

/** To be used inside a transaction. */
export class Inserter {
  readonly #insert: StatementSync;
  readonly #stored: StatementSync;
  readonly #tombstone: StatementSync;
  readonly #counter: ReturnType<typeof counterReader>;
  readonly #setCounter: ReturnType<typeof counterWriter>;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
    );
    this.#stored = database.prepare(
      'SELECT from_msisdn, to_msisdn, ts, text FROM messages WHERE message_id = ?',
    );
    this.#tombstone = database.prepare('SELECT 1 FROM tombstones WHERE id_hash = ?');
    this.#counter = counterReader(database);
    this.#setCounter = counterWriter(database);
  }

  /**
   * Writes an outcome code (see APPEND_OUTCOMES) for each message into `outcomes`. Returns how many were created, and
   * the highest number that is assigned.
   * `createdAt` has the time of a message's arrival where that was not now.
   */
  insertAll(
    messages: readonly Message[],
    createdAt: readonly (string | null)[],
    outcomes: Uint8Array,
  ): { created: number; lastSeq: number } {
    const now = new Date().toISOString();
    const hasTombstones = this.#counter('tombstones') > 0;
    // Read in each transaction: another process may have written in between.
    const first = this.#counter('last_seq');
    let seq = first;
    for (const [index, message] of messages.entries()) {
      const instant = parseInstant(message.ts);
      if (instant === null) throw new Error('a message with an invalid ts reached the store');
      if (hasTombstones && this.#hasTombstone(message)) {
        outcomes[index] = DUPLICATE;
        continue;
      }
      const { changes } = this.#insert.run(
        message.message_id,
        message.from,
        message.to,
        message.ts,
        message.text,
        createdAt[index] ?? now,
        seq + 1,
        instant.seconds,
        instant.nanos,
      );
      if (changes === 1) {
        seq += 1;
        outcomes[index] = CREATED;
      } else {
        outcomes[index] = this.#isStored(message) ? DUPLICATE : CONFLICT;
      }
    }
    if (seq !== first) {
      this.#setCounter('last_seq', seq);
      this.#setCounter('messages', this.#counter('messages') + seq - first);
    }
    return { created: seq - first, lastSeq: seq };
  }

  /** Whether a message with this id was here and was removed. Its content is not known any more. */
  #hasTombstone(message: Message): boolean {
    return this.#tombstone.get(tombstoneOf(message.message_id)) !== undefined;
  }

  /** Whether the stored message with this id has the same content. */
  #isStored(message: Message): boolean {
    const stored = this.#stored.get(message.message_id);
    return (
      stored?.['from_msisdn'] === message.from &&
      stored['to_msisdn'] === message.to &&
      stored['ts'] === message.ts &&
      stored['text'] === message.text
    );
  }
}
