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

/** An entry that has a row: it was attempted, waits behind one that was, is sent again, or was discarded. */
export interface Unfinished {
  readonly seq: number;
  readonly state: UnfinishedState;
  /** Entries of one conversation are sent one after another; null: it has none. What was discarded has none. */
  readonly conversation: string | null;
  readonly attempts: number;
  /** Of the first and the last attempt; milliseconds since 1970; null where there was none. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** When the next attempt is due; null unless the state is `retry`. */
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
  /**
   * Conversations whose first entry is finished: where none of their rows is to be retried, the one of the lowest number that waits
   * is, and due at `nowMs`. After `put` and `remove`.
   */
  readonly release: readonly string[];
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
  /**
   * When the entry of the lowest number arrived that is not finished and not given up, ISO-8601; null where there is none. Whether the
   * destination wants it is not known.
   */
  readonly oldest: string | null;
  /** What the process that forwards said last of it; null where none did. */
  readonly report: ForwardReport | null;
}

export interface DeadLetter extends Unfinished, ForwardEntry {}

/** Which dead letters: entries by their ids, a message and an event where both have the id. */
export type DeadSelection = { readonly ids: readonly string[] } | 'all';

/**
 * Methods reject with StoreUnavailable. Of a destination that was never opened there is nothing: no rows, no dead letters. Numbers of
 * entries are passed in order.
 */
export interface ForwardStore {
  /**
   * Whether this process may forward to the destination: true where it may for the next seconds, so it is asked again every second.
   * Where several processes share the database, one has it.
   */
  lease(name: string): Promise<boolean>;
  /** Lets another process have it at once. Without effect where another has it. */
  release(name: string): Promise<void>;
  /**
   * Returns where the destination is; one that was never seen before begins at the last number, or at 0. To be called by the process
   * that has the lease. The mode is kept: it says what the numbers of rows mean.
   */
  open(name: string, mode: ForwardMode, start: ForwardStart): Promise<ForwardPosition>;
  /**
   * The first `limit` entries after the number, in order, or all where there are fewer; and a number up to which there are no others:
   * where all are returned, the last number so far, otherwise at least that of the last one. What commits later has a higher number.
   */
  entries(
    mode: ForwardMode,
    after: number,
    limit: number,
  ): Promise<{ readonly entries: readonly ForwardEntry[]; readonly end: number }>;
  /**
   * The entries with these numbers, with their contents, in order. `gone`: those that are not there any more. Where contents pass
   * CONTENTS_BYTES_MAX, numbers at the end of the list are in neither; at least one is in one of them.
   */
  contents(
    mode: ForwardMode,
    seqs: readonly number[],
  ): Promise<{
    readonly found: readonly { readonly entry: ForwardEntry; readonly content: ForwardContent }[];
    readonly gone: readonly number[];
  }>;
  /** Which of these conversations have an unfinished entry that is not given up, each once. */
  held(name: string, conversations: readonly string[]): Promise<readonly string[]>;
  /**
   * The first `limit` rows to be retried that are due at `nowMs` or before, the longest due first, then by number; and when the first
   * is due that was not returned; null where there is none.
   */
  due(
    name: string,
    nowMs: number,
    limit: number,
  ): Promise<{ readonly rows: readonly Unfinished[]; readonly nextMs: number | null }>;
  /**
   * True: the change is durable. False: another process has the lease, nothing was changed, and this process must not go on from
   * what it knows of the destination. To be called after `open`. A change whose result was lost may be recorded again: it counts
   * `delivered` twice then, and changes nothing else.
   */
  record(name: string, change: ForwardChange): Promise<boolean>;
  /** Keeps what the status shows, also to other processes. Without effect where another process has the lease. */
  report(name: string, report: ForwardReport): Promise<void>;

  /** Every destination that was ever opened and is not forgotten, by name. */
  statuses(): Promise<readonly ForwardStatus[]>;
  /** The first `limit` dead letters after a number, in order. Those whose entry is not there any more are left out. */
  dead(name: string, after: number, limit: number): Promise<readonly DeadLetter[]>;
  /** The rows with this number, by name of the destination: that of an item, or where the destination's mode is `raw` of a delivery. */
  unfinishedOf(seq: number): Promise<readonly (Unfinished & { readonly name: string })[]>;
  /**
   * Has dead letters attempted as if they never had been: at once (due at `nowMs`), or where their conversation has an entry that is to
   * be retried, after it, in the order of numbers with what waits. Resolves with how many.
   */
  retry(name: string, which: DeadSelection, nowMs: number): Promise<number>;
  /** Discards dead letters: their rows say so until their entries are gone. Resolves with how many. */
  discard(name: string, which: DeadSelection): Promise<number>;
  /**
   * Has entries sent again that are finished, dead or discarded: as `retry` does. Those that are unfinished otherwise are left out, whether they
   * have a row or come after the position: they are sent anyway. Resolves with how many are sent again.
   */
  replay(
    name: string,
    entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
    nowMs: number,
  ): Promise<number>;
  /** Forgets destinations that are not configured (`StoreOptions.forwards`), and that no process opened or reported of since. */
  forget(unusedSinceMs: number): Promise<void>;
}
