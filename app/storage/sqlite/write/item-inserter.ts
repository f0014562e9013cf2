// Inserts items of named sources, each exactly once, and the other content that comes under an id.
import type { DatabaseSync } from 'node:sqlite';
import { CONFLICT, CONFLICTS_MAX, type EventItem, type MessageItem } from '../../../model/item.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { ArchivedEvent, ArchivedMessage } from '../../archive.ts';
import { type Storable, arrivalOf, conflictOf, deliveryOf, sourceOf } from '../../conflict.ts';
import type { AppendOutcome } from '../../store.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import { prepared } from '../file/statements.ts';
import type { Batch } from './batch.ts';
import { insertEvent, insertMessage } from './rows.ts';

export type SourceItem = MessageItem | EventItem | ArchivedMessage | ArchivedEvent;

/** To be used inside a transaction. Methods throw what SQLite throws. */
export class ItemInserter {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Stores an item, unless its id is stored or was removed. Of a conflict nothing is stored here. `createdAt`: when it arrived; null: as it says itself. */
  insert(item: SourceItem, createdAt: string | null, batch: Batch): AppendOutcome {
    const delivery = deliveryOf(item);
    // Items of a delivery that was removed were removed with it.
    if (delivery !== null && batch.isGone(delivery)) return 'duplicate';
    if (batch.hasTombstones && this.hasTombstone(item)) return 'duplicate';
    const source = sourceOf(item);
    const receivedAt = createdAt ?? arrivalOf(item) ?? batch.now;
    const numbered = {
      created_at: receivedAt,
      seq: batch.lastSeq + 1,
      delivery: delivery === null ? null : batch.numberOf(delivery),
    };
    const created =
      'event_id' in item
        ? insertEvent(this.#database, { ...item, ...numbered, source })
        : insertMessage(this.#database, { ...item, ...numbered, source });
    if (created) {
      batch.added('event_id' in item ? 'events' : 'messages', { source, receivedAt, delivery });
      return 'created';
    }
    return this.#contentOf(item) === item.content ? 'duplicate' : 'conflict';
  }

  /** Stores what came under an id that has other content, unless it is stored, or CONFLICTS_MAX are of that id. */
  keepConflict(item: Storable, createdAt: string | null, batch: Batch): void {
    const conflict = conflictOf(item);
    const removed = batch.hasTombstones && this.#isRemoved(eventTombstoneOf(conflict.event_id));
    if (removed || this.#conflictsOf(conflict.subject) >= CONFLICTS_MAX) return;
    const delivery = deliveryOf(item);
    const receivedAt = createdAt ?? arrivalOf(item) ?? batch.now;
    const stored = insertEvent(this.#database, {
      ...conflict,
      created_at: receivedAt,
      seq: batch.lastSeq + 1,
      delivery: delivery === null ? null : batch.numberOf(delivery),
    });
    if (stored) batch.added('events', { source: conflict.source, receivedAt, delivery });
  }

  /** Whether an item with this id was here and was removed. Its content is not known any more. */
  hasTombstone(item: Storable): boolean {
    return this.#isRemoved(
      'event_id' in item ? eventTombstoneOf(item.event_id) : tombstoneOf(item.message_id),
    );
  }

  #isRemoved(tombstone: Uint8Array): boolean {
    const select = prepared(this.#database, 'SELECT 1 FROM tombstones WHERE id_hash = ?');
    return select.get(tombstone) !== undefined;
  }

  /** The content that is stored under the id of the item; null for a message of the default source. */
  #contentOf(item: SourceItem): string | null {
    const row =
      'event_id' in item
        ? prepared(this.#database, 'SELECT content FROM events WHERE event_id = ?').get(
            item.event_id,
          )
        : prepared(this.#database, 'SELECT content FROM messages WHERE message_id = ?').get(
            item.message_id,
          );
    const content = row?.['content'];
    return typeof content === 'string' ? content : null;
  }

  #conflictsOf(subject: string | null): number {
    return prepared(
      this.#database,
      `SELECT 1 FROM events WHERE subject = ? AND type = '${CONFLICT}' LIMIT ${CONFLICTS_MAX}`,
    ).all(subject).length;
  }
}

/** Whether an item has a source of its own: any other is a message of the default source. */
export function isSourceItem(item: Storable): item is SourceItem {
  return 'event_id' in item || ('content' in item && sourceOf(item) !== DEFAULT_SOURCE);
}
