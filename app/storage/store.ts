// The port of the engines: what the service and the commands may call of an engine. It knows no engine.
import type { EventPage, EventQuery } from '../model/event.ts';
import type { ForwardStore } from './forward-store.ts';
import type { Delivery, Item } from '../model/item.ts';
import { Refusal } from '../model/refusal.ts';
import type { MessageQuery, Page } from '../model/page.ts';
import type { Stats } from '../model/stats.ts';
import type { SourceCounts } from '../model/source.ts';
import type { StreamPage, StreamScope } from '../model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../model/timeline.ts';
import type { UnavailableReason } from '../model/unavailable.ts';

/**
 * What became of one item. Each means that an item with this id is durable: `created` this one, `duplicate` an equal one, `conflict`
 * one with other content (the first write wins). The other content is then durable too, as an event of the type `conflict`, which is
 * numbered after everything that is new in its append, unless there are CONFLICTS_MAX of that id already.
 */
export type AppendOutcome = 'created' | 'duplicate' | 'conflict';

/** It cannot be said that the message is durable: it was not acknowledged, though it may be stored nevertheless. */
export interface Unavailable {
  readonly unavailable: UnavailableReason;
}

/** The reasons why a batch can fail as a whole, as `StoreObserver.batch` reports them. */
export const BATCH_FAILURES = [
  'disk',
  'locked',
  'schema',
  'corrupt',
  'database',
  'timeout',
  'other',
] as const satisfies UnavailableReason[];

/** The state of each readiness check: null when it holds, else a short text that may be shown to a caller. */
export interface StoreHealth {
  readonly checks: Readonly<Record<'store' | 'schema' | 'writer' | 'disk', string | null>>;
  /** Why the first check that fails does so; null when all hold. */
  readonly reason: UnavailableReason | null;
}

/** A gauge of the engine's own, under its name in the metrics. */
export interface GaugeDescription {
  readonly name: string;
  readonly help: string;
}

/** The store is unavailable now; the caller may retry later. The message is for the log. */
export class StoreUnavailable extends Refusal {
  override readonly name = 'StoreUnavailable';
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type {
  DeadLetter,
  DeadSelection,
  ForwardChange,
  ForwardContent,
  ForwardEntry,
  ForwardPosition,
  ForwardStatus,
  ForwardStore,
  Unfinished,
} from './forward-store.ts';

export interface Store {
  /**
   * Stores items, each exactly once, and all of them or none; a delivery with the first item of it that is new. Resolves only when
   * the outcomes are durable (committed and synced), in the order of the items, or with why that cannot be said: then the sender is
   * expected to send again. Never rejects.
   */
  append(items: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable>;
  /** One page and the total that matches, both from one snapshot. Rejects with StoreUnavailable. */
  page(query: MessageQuery): Promise<Page>;
  /**
   * One message as `GET /message` returns it, JSON: with its payload, statuses and conflicts; null where there is none. Rejects with
   * StoreUnavailable.
   */
  message(messageId: string): Promise<Uint8Array | null>;
  /** Rejects with StoreUnavailable. */
  events(query: EventQuery): Promise<EventPage>;
  /** One event as `GET /event` returns it, JSON, with its payload; null where there is none. Rejects with StoreUnavailable. */
  event(eventId: string): Promise<Uint8Array | null>;
  /** A delivery by its number: that of the first item that was stored of it. Null where there is none. Rejects with StoreUnavailable. */
  delivery(number: number): Promise<Delivery | null>;
  /** What is stored of each source of which anything is stored. Rejects with StoreUnavailable. */
  sources(): Promise<readonly SourceCounts[]>;
  /** Rejects with StoreUnavailable. */
  stats(): Promise<Stats>;
  /** How many messages fall into each bucket of a range. Rejects with StoreUnavailable. */
  timeline(query: TimelineQuery): Promise<TimelineCounts>;
  /** At most `limit` items of the scope, or messages, that were committed after the number `after`, in that order. Rejects with StoreUnavailable. */
  after(after: number, limit: number, scope?: StreamScope): Promise<StreamPage>;
  /** Calls `listener` after messages were committed, also by others as far as the engine notices. It must be cheap and not throw. */
  onCommit(listener: () => void): void;
  readonly forwards: ForwardStore;
  /** Reads the state of the store as it is now; nothing is remembered. Never rejects. */
  check(): Promise<StoreHealth>;
  /** Messages that wait to be committed. */
  readonly appendsWaiting: number;
  /** Reads that wait for a thread or a connection. */
  readonly readsWaiting: number;
  /** The gauges that this engine has. */
  readonly gauges: readonly GaugeDescription[];
  /** Their values by name. Null where the store cannot say within its time limit. Never rejects. */
  readGauges(): Promise<ReadonlyMap<string, number> | null>;
  /** Takes no more messages, commits what it has, closes. Idempotent. */
  close(): Promise<void>;
}

/** Options of the service for an engine that it opens. */
export interface StoreOptions {
  /** Messages that may wait to be committed; over it appends are refused. */
  readonly queueMessagesMax: number;
  /** Messages and events older than this many days are removed; null keeps all. */
  readonly retentionDays: number | null;
  /** Destinations that are configured: retention keeps what they have not finished, up to twice as long. */
  readonly forwards: readonly string[];
  /** Reads that are worked on at once. */
  readonly readerThreads: number;
}

/** One run of retention. `failure` is the reason why it ended early; it is tried again. */
export interface PruneRun {
  readonly messages: number;
  /** Conflicts of removed messages included. */
  readonly events: number;
  readonly durationMs: number;
  readonly failure: string | null;
}

/**
 * `building`: so many messages are to be indexed. `built`: so many are. `damaged`: it was deleted, exchanged or damaged, and is
 * built again. `failed`: the step is retried.
 */
export type IndexEvent =
  | { readonly kind: 'building' | 'built'; readonly messages: number }
  | { readonly kind: 'damaged' | 'recovered' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What an operator should know at the start; nothing of it keeps the store from working. */
export type StoreHazard =
  /** The data lies where locks and syncs may not mean what they say. */
  | { readonly kind: 'network_file_system'; readonly path: string; readonly fileSystem: string }
  /** Others than the owner may read or write the data. `mode`: permissions, octal. */
  | { readonly kind: 'file_open_to_others'; readonly path: string; readonly mode: string };

/** What a store reports while it works. Calls must be cheap and never throw. */
export interface StoreObserver {
  /** A batch was committed, or failed as a whole (`failure` is the reason). Times in milliseconds. */
  batch(event: { messages: number; commitMs: number; failure: string | null }): void;
  /** What is derived from the messages is being built, and reads may be refused as `index_behind`; or it is complete again. */
  index(event: IndexEvent): void;
  hazard(hazard: StoreHazard): void;
  /** Another process keeps the store from opening; it waits for at most `waitMs`. */
  waitingForLock(waitMs: number): void;
  /** The server of the database is away, for this reason; the store waits for it for at most `waitMs` before it gives up. */
  waitingForDatabase(reason: string, waitMs: number): void;
  /** A write succeeds again, after a batch had failed because of the disk. */
  diskRecovered(): void;
  /** The log cannot be copied into the database file, for this reason: nothing is lost, but it grows. Null: it is copied again. */
  checkpoint(failure: string | null): void;
  /** Retention has removed messages. */
  pruned(messages: number): void;
  /** Retention has checked everything once, or has failed. */
  pruneRun(run: PruneRun): void;
  /** A thread of the store ended unexpectedly: the store cannot continue. */
  fatal(error: Error): void;
}
