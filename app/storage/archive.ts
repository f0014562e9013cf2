// The part of the port for maintenance that is about what leaves and enters a database: archived items and deliveries, and an import.
import type { Instant } from '../model/instant.ts';
import type { Delivery, Item } from '../model/item.ts';
import type { Message } from '../model/message.ts';
import type { AppendOutcome } from './store.ts';

/** Which messages; null does not restrict. `until` is the first instant that is left out. */
export interface ExportFilter {
  /** DEFAULT_SOURCE included. */
  readonly source: string | null;
  readonly from: string | null;
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly text: string | null;
}

/** What only items of named sources have; null in messages of the default source. */
interface ArchivedOrigin {
  readonly payload: string | null;
  readonly content: string | null;
}

/** A message and when it arrived, ISO-8601. */
export interface ArchivedMessage extends Message, ArchivedOrigin {
  readonly created_at: string;
  /** Null: the default source. */
  readonly source: string | null;
  readonly kind: string | null;
}

/** An event and when it arrived, ISO-8601. */
export interface ArchivedEvent extends ArchivedOrigin {
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly ts: string;
  readonly created_at: string;
  readonly content: string;
}

/** A delivery with the ids of its items that are stored. */
export interface ArchivedDelivery extends Delivery {
  readonly number: number;
  readonly messages: readonly string[];
  readonly events: readonly string[];
}

/**
 * Which deliveries: of a source, with an event of a type, with a number up to one, where these are not null; or those with the numbers
 * that are there.
 */
export type DeliveryFilter =
  | {
      readonly source: string | null;
      readonly eventType: string | null;
      readonly upTo: number | null;
    }
  | { readonly numbers: readonly number[] };

/**
 * What became of a delivery that is imported. `duplicate`: its items have one already; or one of them was removed, and with it the
 * right to the body. `missing`: none of its items is stored, and not all were removed.
 */
export type LinkOutcome = 'created' | 'duplicate' | 'missing';

/** One import. It creates the database where there is none. Other content of an id that is stored is kept as by `Store.append`. */
export interface BulkImport {
  /** How many messages the next batch should have. */
  readonly batchMessages: number;
  /**
   * Stores a batch, each message exactly once, durably. Resolves with an outcome for each. `createdAt` has when a message first
   * arrived; null: now. Rejects with StoreUnavailable; then nothing of the batch is stored.
   */
  store(
    messages: readonly (Message | ArchivedMessage)[],
    createdAt: readonly (string | null)[],
  ): Promise<readonly AppendOutcome[]>;
  /** Stores events like `store`, each exactly once. The delivery of each comes later, by `link`. */
  storeEvents(events: readonly ArchivedEvent[]): Promise<readonly AppendOutcome[]>;
  /**
   * Stores each delivery of which an item is stored that has none yet, and makes it that of all such items. It gets the number of the
   * first of them. Where another item of the same post has its delivery already, under a lower number, the items are added to that.
   */
  link(deliveries: readonly ArchivedDelivery[]): Promise<readonly LinkOutcome[]>;
  /**
   * Stores items of deliveries that are stored already (`Delivery.number`), each exactly once, durably. Those of one that is gone by then
   * were removed with it: they count as duplicates.
   */
  append(items: readonly Item[]): Promise<readonly AppendOutcome[]>;
  /** Resolves when every message is listed. Rejects when `signal` is aborted. */
  updateLists(signal: AbortSignal): Promise<void>;
  /** Resolves when search finds every message; a service does the same in the background. Rejects when `signal` is aborted. */
  updateSearch(signal: AbortSignal, onProgress: (messages: number) => void): Promise<void>;
  close(): void;
}
