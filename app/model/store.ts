// The port to a store: what the rest of the service may ask of whatever keeps the messages.
import type { Message } from './message.ts';
import type { MessageQuery, Page } from './page.ts';
import { Refusal } from './refusal.ts';
import type { Stats } from './stats.ts';
import type { StreamPage } from './stream.ts';
import type { TimelineCounts, TimelineQuery } from './timeline.ts';

/**
 * What became of one message. All but `unavailable` mean that a message with this id is durable:
 * `created` this one, `duplicate` an equal one, `conflict` one with other content (the first write wins).
 */
export type AppendOutcome = 'created' | 'duplicate' | 'conflict' | 'unavailable';

/** The state of one readiness check: null when it holds, else a short reason that may be shown to a caller. */
export interface StoreHealth {
  readonly store: string | null;
  readonly schema: string | null;
  readonly writer: string | null;
  readonly disk: string | null;
}

/** The figures of the file, as far as they can be read now. */
export interface StoreFigures {
  readonly messages: number;
  /** Messages that the orders do not hold yet. */
  readonly orderBacklog: number;
  /** Messages of whole blocks that the search index does not hold yet. */
  readonly searchBacklog: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  /** What the file system of the database still has for this process. */
  readonly diskFreeBytes: number;
}

/** A reason of ours why a question cannot be answered now; the caller may ask again later. */
export class StoreUnavailable extends Refusal {
  override readonly name = 'StoreUnavailable';
}

export interface Store {
  /**
   * Stores a message exactly once. Resolves only when the outcome is durable (committed and synced),
   * or `unavailable` when that cannot be said: the message was not acknowledged, though it may be stored
   * nevertheless, and the sender is expected to send it again. Never rejects.
   */
  append(message: Message): Promise<AppendOutcome>;
  /** One page and the total that matches, both from one snapshot. Rejects with StoreUnavailable. */
  page(query: MessageQuery): Promise<Page>;
  /** Rejects with StoreUnavailable. */
  stats(): Promise<Stats>;
  /** How many messages fall into each bucket of a range. Rejects with StoreUnavailable. */
  timeline(query: TimelineQuery): Promise<TimelineCounts>;
  /** At most `limit` messages that were committed after the number `after`, in that order. Rejects with StoreUnavailable. */
  after(after: number, limit: number): Promise<StreamPage>;
  /** Looks at the store as it is now; nothing is remembered. Never rejects. */
  check(): Promise<StoreHealth>;
  /** Null where the store cannot say within its time limit. Never rejects. */
  figures(): Promise<StoreFigures | null>;
  /** Takes no more messages, commits what it has, closes the file. Idempotent. */
  close(): Promise<void>;
}

/** One run of retention. `failure` is the reason why it ended early; it is tried again. */
export interface PruneRun {
  readonly messages: number;
  readonly durationMs: number;
  readonly failure: string | null;
}

/** What a store reports while it works. Calls must be cheap and never throw. */
export interface StoreObserver {
  /** A batch was committed, or failed as a whole (`failure` is the reason). Times in milliseconds. */
  batch(event: { messages: number; commitMs: number; failure: string | null }): void;
  /** Another process keeps the store from opening; it waits for at most `waitMs`. */
  waitingForLock(waitMs: number): void;
  /** Retention has removed messages. */
  pruned(messages: number): void;
  /** Retention has looked at everything once, or has failed. */
  pruneRun(run: PruneRun): void;
  /** A thread of the store ended unexpectedly: the store cannot go on. */
  fatal(error: Error): void;
}
