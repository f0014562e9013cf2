// The port for forwarding: how far each destination is, and what it has not finished. It knows no engine.
import type { Delivery } from '../model/item.ts';
import type {
  ForwardMode,
  ForwardReport,
  ForwardStart,
  UnfinishedState,
} from '../model/forward.ts';
import type { EventRow, MessageRow } from './item-json.ts';

/** Something to forward, without its content: an item, or in mode `raw` a delivery. */
export interface ForwardEntry {
  /** Of a delivery, its number. */
  readonly seq: number;
  /** `message_id`, `event_id`, or `delivery:` and the number. */
  readonly id: string;
  readonly source: string;
  /** `message.` and the kind (`message` of the default source), `event.` and the type, or `delivery`. */
  readonly type: string;
  /** What it has in common with others that must stay in order: `from` of a message (of a delivery, of its first message), `subject` of an event. */
  readonly party: string | null;
}

/** What is sent of an entry. */
export type ForwardContent =
  | { readonly seq: number; readonly message: MessageRow }
  | { readonly seq: number; readonly event: EventRow }
  | { readonly seq: number; readonly delivery: Delivery };

/** An entry that was attempted, or waits behind one that was. */
export interface Unfinished {
  readonly seq: number;
  readonly state: UnfinishedState;
  /** Entries of one conversation are sent one after another; null: it has none. */
  readonly conversation: string | null;
  readonly attempts: number;
  /** Of the first and the last attempt, and when the next is due; milliseconds since 1970; null where there was none. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly dueMs: number | null;
  /** Why the last attempt failed, in words. */
  readonly error: string | null;
}

/** What is durable of a destination. */
export interface ForwardPosition {
  /** Everything up to this number is finished, is unfinished with a row of its own, or is not wanted. */
  readonly position: number;
  /** Numbers above it that are finished too. */
  readonly finished: readonly number[];
}

/** What changed of a destination: stored in one transaction. */
export interface ForwardChange extends ForwardPosition {
  /** New rows, and rows that replace those with the same number. */
  readonly put: readonly Unfinished[];
  /** Rows that are finished. */
  readonly remove: readonly number[];
  /** Conversations whose first entry is finished: the first that waits becomes due at `nowMs`. After `put` and `remove`. */
  readonly release: readonly string[];
  /** Rows whose last attempt was at this time or later become due at `nowMs`: the destination is back. Null: none. */
  readonly wakeSinceMs: number | null;
  readonly nowMs: number;
  /** Requests that succeeded since the last change. */
  readonly delivered: number;
}

/** A destination as people see it. */
export interface ForwardStatus extends ForwardPosition {
  readonly name: string;
  /** The number after which it began. */
  readonly startedAfter: number;
  readonly lastSeq: number;
  readonly delivered: number;
  readonly retrying: number;
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest entry arrived that is not finished and not dead, ISO-8601; null where there is none. */
  readonly oldest: string | null;
  /** What the process that forwards said last of it; null where none did. */
  readonly report: ForwardReport | null;
}

export interface DeadLetter extends Unfinished, ForwardEntry {}

/** Which dead letters. */
export type DeadSelection = { readonly ids: readonly string[] } | 'all';

/** Methods reject with StoreUnavailable. */
export interface ForwardStore {
  /**
   * Whether this process may forward to the destination: true where it may for the next seconds, so it is asked again every second.
   * Where several processes share the database, one has it.
   */
  lease(name: string): Promise<boolean>;
  /** Lets another process have it at once. */
  release(name: string): Promise<void>;
  /** Returns where the destination is; one that was never seen before begins at the last number, or at 0. */
  open(name: string, start: ForwardStart): Promise<ForwardPosition>;
  /** At most `limit` entries after the number, in order, and the number up to which there are no others. */
  entries(
    mode: ForwardMode,
    after: number,
    limit: number,
  ): Promise<{ readonly entries: readonly ForwardEntry[]; readonly end: number }>;
  /** The entries with these numbers, with their contents: at least one, fewer than asked for where they are large. `gone`: those that are not there any more. */
  contents(
    mode: ForwardMode,
    seqs: readonly number[],
  ): Promise<{
    readonly found: readonly { readonly entry: ForwardEntry; readonly content: ForwardContent }[];
    readonly gone: readonly number[];
  }>;
  /** Which of these conversations have an unfinished entry that is not dead. */
  held(name: string, conversations: readonly string[]): Promise<readonly string[]>;
  /** Rows that are due, the longest due first, and when the next one is; null where there is none. */
  due(
    name: string,
    nowMs: number,
    limit: number,
  ): Promise<{ readonly rows: readonly Unfinished[]; readonly nextMs: number | null }>;
  /**
   * True: the change is durable. False: another process has the lease, nothing was changed, and this process must not go on from
   * what it knows of the destination.
   */
  record(name: string, change: ForwardChange): Promise<boolean>;
  /** Keeps what the status shows, also to other processes. Without effect where another process has the lease. */
  report(name: string, report: ForwardReport): Promise<void>;

  /** Every destination that was ever opened and is not forgotten. */
  statuses(): Promise<readonly ForwardStatus[]>;
  /** Dead letters after a number, in order. */
  dead(name: string, after: number, limit: number): Promise<readonly DeadLetter[]>;
  /** The unfinished rows of an item, by destination. */
  unfinishedOf(seq: number): Promise<readonly (Unfinished & { readonly name: string })[]>;
  /** Makes dead letters due at once, as if they had never been attempted. Resolves with how many. */
  retry(name: string, which: DeadSelection): Promise<number>;
  /** Forgets dead letters. Resolves with how many. */
  discard(name: string, which: DeadSelection): Promise<number>;
  /**
   * Makes entries due again, as if they had never been attempted: those that are finished, and dead letters. Each waits behind what its
   * conversation has before it; entries that are to be sent anyway stay as they are. Resolves with how many were made due.
   */
  replay(
    name: string,
    entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
  ): Promise<number>;
  /** Forgets destinations that were not opened since. */
  forget(openedBeforeMs: number): Promise<void>;
}
