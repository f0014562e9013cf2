// The port for moving a whole database into another one, of the same engine or not: messages keep their numbers. It knows no engine.
import type { Delivery } from '../model/item.ts';
import type { ForwardMode } from '../model/forward.ts';
import type { ArchivedEvent, ArchivedMessage } from './archive.ts';
import type { ForwardPosition, Unfinished } from './forward-store.ts';

interface Numbered {
  readonly seq: number;
  /** The number of its delivery; null where it has none. */
  readonly delivery: number | null;
}

/** A message with its number in the order of commit, and when it arrived, ISO-8601. */
export type NumberedMessage = ArchivedMessage & Numbered;

/** An event likewise. */
export type NumberedEvent = ArchivedEvent & Numbered;

export type NumberedItem = NumberedMessage | NumberedEvent;

/** A delivery with its number. */
export type NumberedDelivery = Delivery & { readonly number: number };

/** A destination with how far it is. */
export interface MigratedForward extends ForwardPosition {
  readonly name: string;
  readonly mode: ForwardMode;
  readonly startedAfter: number;
  readonly delivered: number;
  /** What was said of it last, JSON. */
  readonly report: string | null;
  /** When a process opened it, or reported of it; milliseconds since 1970. */
  readonly usedMs: number;
}

/** One end of a migration. Methods reject with AdminError, with StoreUnavailable, and with what the engine and the system throw. */
export interface MigrationEnd {
  /** The last number assigned, to a message that is there or not; 0 before the first. */
  lastSeq(): Promise<number>;
  /** At most `limit` items with numbers above `after` and up to `upTo`, in their order; fewer where they are large, but none only where there is none. */
  items(after: number, upTo: number, limit: number): Promise<readonly NumberedItem[]>;
  /** At most `limit` deliveries with numbers above `after` and up to `upTo`, in their order, without the ids of their items; fewer likewise. */
  deliveries(after: number, upTo: number, limit: number): Promise<readonly NumberedDelivery[]>;
  /** At most `limit` tombstones that follow one of them, or from the first on, in the order of their bytes. */
  tombstones(after: Uint8Array | null, limit: number): Promise<readonly Uint8Array[]>;
  /** Destinations, by name. */
  forwards(): Promise<readonly MigratedForward[]>;
  /** At most `limit` rows of a destination with numbers above `after`, in their order. */
  unfinished(name: string, after: number, limit: number): Promise<readonly Unfinished[]>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface MigrationSource extends MigrationEnd {
  /** Whether each of these is an item that was here and was removed. */
  areRemoved(items: readonly NumberedItem[]): Promise<boolean>;
  /**
   * Keeps every other process from writing until `close`. Resolves with false where a service runs: then nothing is held. Called again, it
   * rejects where others could have written since.
   */
  freeze(): Promise<boolean>;
}

/** A database that no service opens before `finish`. One that was left unfinished is continued when it is opened again. */
export interface MigrationTarget extends MigrationEnd {
  /** Stores items under their numbers, all of them or none. The numbers are above `lastSeq`, and in order. */
  store(items: readonly NumberedItem[]): Promise<void>;
  /** Stores deliveries under their numbers, all of them or none; those that are there already are passed over. */
  storeDeliveries(deliveries: readonly NumberedDelivery[]): Promise<void>;
  /** Sets the delivery of items that are stored as these have it. */
  relink(items: readonly NumberedItem[]): Promise<void>;
  /** Removes deliveries. Items may still name them, until `relink`. */
  removeDeliveries(numbers: readonly number[]): Promise<void>;
  addTombstones(tombstones: readonly Uint8Array[]): Promise<void>;
  /** Removes items that were stored; a tombstone of each id stays. */
  remove(items: readonly NumberedItem[]): Promise<void>;
  /** Replaces all destinations, which have no rows then. */
  storeForwards(forwards: readonly MigratedForward[]): Promise<void>;
  /** Adds rows to a destination that is stored. */
  storeUnfinished(forward: MigratedForward, rows: readonly Unfinished[]): Promise<void>;
  /** Makes everything durable, and the database one that a service may open: its next message gets the number after `lastSeq`. */
  finish(lastSeq: number): Promise<void>;
}
