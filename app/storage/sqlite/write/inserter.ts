// Inserts a batch of items, each exactly once: what is there, or was there and was removed, stays as it is.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Message } from '../../../model/message.ts';
import type { Storable } from '../../conflict.ts';
import type { AppendOutcome } from '../../store.ts';
import { storedInstant } from '../../stored-instant.ts';
import { APPEND_OUTCOMES } from '../file/protocol.ts';
import { Batch } from './batch.ts';
import { ItemInserter, isSourceItem } from './item-inserter.ts';

/** To be used inside a transaction. */
export class Inserter {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #stored: StatementSync;
  readonly #items: ItemInserter;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
    );
    this.#stored = database.prepare(
      'SELECT from_msisdn, to_msisdn, ts, text, source FROM messages WHERE message_id = ?',
    );
    this.#items = new ItemInserter(database);
  }

  /**
   * Writes an outcome code (see APPEND_OUTCOMES) for each item into `outcomes`. Returns how many rows were stored, those of
   * conflicts among them, and the highest number that is assigned.
   * `createdAt` has the time of an item's arrival where that was not now.
   */
  insertAll(
    items: readonly Storable[],
    createdAt: readonly (string | null)[],
    outcomes: Uint8Array,
  ): { created: number; lastSeq: number } {
    const batch = new Batch(this.#database);
    const conflicts: number[] = [];
    for (const [index, item] of items.entries()) {
      const arrival = createdAt[index] ?? null;
      const outcome = isSourceItem(item)
        ? this.#items.insert(item, arrival, batch)
        : this.#insertMessage(item, arrival, batch);
      outcomes[index] = APPEND_OUTCOMES.indexOf(outcome);
      if (outcome === 'conflict') conflicts.push(index);
    }
    // Every engine numbers them after what is new.
    for (const index of conflicts)
      this.#items.keepConflict(items[index] as Storable, createdAt[index] ?? null, batch);
    batch.end();
    return { created: batch.messages + batch.events, lastSeq: batch.lastSeq };
  }

  /** Stores a message of the default source: one statement, where the id is new. */
  #insertMessage(message: Message, createdAt: string | null, batch: Batch): AppendOutcome {
    const instant = storedInstant(message.ts);
    if (batch.hasTombstones && this.#items.hasTombstone(message)) return 'duplicate';
    const { changes } = this.#insert.run(
      message.message_id,
      message.from,
      message.to,
      message.ts,
      message.text,
      createdAt ?? batch.now,
      batch.lastSeq + 1,
      instant.seconds,
      instant.nanos,
    );
    if (changes === 1) {
      batch.messages += 1;
      return 'created';
    }
    return this.#isStored(message) ? 'duplicate' : 'conflict';
  }

  /** Whether the stored message with this id has the same content. */
  #isStored(message: Message): boolean {
    const stored = this.#stored.get(message.message_id);
    return (
      stored?.['from_msisdn'] === message.from &&
      stored['to_msisdn'] === message.to &&
      stored['ts'] === message.ts &&
      stored['text'] === message.text &&
      stored['source'] === null
    );
  }
}
