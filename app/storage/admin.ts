// The port for maintenance: what the commands may call of an engine, beside a running service or without one. It depends on no engine.
import type { Instant } from '../model/instant.ts';
import type { Delivery, Item } from '../model/item.ts';
import type { Message } from '../model/message.ts';
import { Refusal } from '../model/refusal.ts';
import type { Stats } from '../model/stats.ts';
import type { MigrationSource, MigrationTarget } from './migration.ts';
import type { AppendOutcome } from './store.ts';

/** No store has assigned a higher number: the time in milliseconds stays below it for another 70 years, and far below 2^53. */
export const LAST_SEQ_MAX = 4_000_000_000_000;

/**
 * `in_use`: another process uses the database in a way that excludes this work.
 * `schema`: the database is newer than this program, or another program's.
 * `bad_copy`: a backup did not pass its check. `name_taken`: the target must not be overwritten.
 * `unsafe_number`: messages would be numbered as others have been before.
 * `unsupported`: this engine has tools of its own for that.
 */
export type AdminErrorCode =
  'in_use' | 'schema' | 'bad_copy' | 'name_taken' | 'unsafe_number' | 'unsupported';

/** The work was refused, and nothing was changed. The message is for the operator. */
export class AdminError extends Refusal {
  override readonly name: string = 'AdminError';
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Called while work is in progress: `done` of `all` in the unit of the stage, `all` where it is known. It must be cheap and not throw. */
export type OnProgress<Stage extends string> = (
  stage: Stage,
  done: number,
  all: number | null,
) => void;

/** Numbers that only one engine has, under the names that `--json` shows. */
type Details = Readonly<Record<string, number | boolean>>;

/**
 * `full`: every page, every index of a table against it, the lists and the search index against the messages.
 * `quick`: without what takes longest: entries of tables' indexes are counted, not compared, and the search
 * index is not compared with the texts.
 */
export type Depth = 'quick' | 'full';

/** What is checked: the engine's own files, the schema, counts that are kept, the lists, search. */
export type CheckName = 'integrity' | 'schema' | 'counters' | 'index' | 'search';

/** One check: `problems` has a sentence for each thing that is wrong. */
export interface Finding {
  readonly name: CheckName;
  readonly problems: readonly string[];
  readonly seconds: number;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  readonly sound: boolean;
  /** One older than this program's is migrated at the next start of the service; what is derived is not checked then. */
  readonly schemaVersion: number | null;
  /** Null where the database is too damaged, or not ours. */
  readonly messages: number | null;
  readonly events: number | null;
  readonly lastSeq: number | null;
  /** Messages that are listed, and that search covers. Null without an index: the next start of the service builds it. */
  readonly index: { readonly listed: number; readonly searched: number } | null;
}

export interface BackupOptions {
  /** Absolute path of the copy. */
  readonly target: string;
  /** Whether a file with that name may be replaced. */
  readonly replace: boolean;
  /** How the copy is checked. */
  readonly depth: Depth;
  /** Stops it. What was written is removed again. */
  readonly signal: AbortSignal;
}

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly messages: number;
  readonly lastSeq: number;
  readonly copySeconds: number;
  readonly checkSeconds: number;
}

/** `files`: the stored numbers say it. `clock`: they are lost, and the time is above them. `option`: the operator says it. */
export type NumberSource = 'files' | 'clock' | 'option';

export interface RestoreOptions {
  /** Absolute path of a backup. */
  readonly backup: string;
  /** How the backup is checked. */
  readonly depth: Depth;
  /** The number that the next message is to get; null for the lowest that is safe. */
  readonly firstNumber: number | null;
  /** Stops it, up to the moment when the database is exchanged. */
  readonly signal: AbortSignal;
}

export interface RestoreReport {
  readonly file: string;
  readonly bytes: number;
  readonly messages: number;
  /** The next message gets the number after this one. */
  readonly lastSeq: number;
  /** What that number was taken from. */
  readonly numberSource: NumberSource;
  /** Where the old database is now; null where there was none. */
  readonly kept: string | null;
}

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

/** One import. It creates the database where there is none. */
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
   * Stores deliveries whose items are stored and have none yet. One with no such item is passed over. Its number here is that of its
   * first item. Resolves with how many were stored.
   */
  link(deliveries: readonly ArchivedDelivery[]): Promise<number>;
  /** Stores items of deliveries that are stored already (`Delivery.number`), each exactly once, durably. */
  append(items: readonly Item[]): Promise<readonly AppendOutcome[]>;
  /** Resolves when every message is listed. Rejects when `signal` is aborted. */
  updateLists(signal: AbortSignal): Promise<void>;
  /** Resolves when search finds every message; a service does the same in the background. Rejects when `signal` is aborted. */
  updateSearch(signal: AbortSignal, onProgress: (messages: number) => void): Promise<void>;
  close(): void;
}

/**
 * Items whose instant is before `before`, of the source, and messages of the sender `from`; null does not restrict. Not all are null. With
 * `from`, of events only the conflicts of removed messages go; and the deliveries of those messages, whatever else is in them.
 */
export interface Selection {
  readonly before: Instant | null;
  /** DEFAULT_SOURCE included. */
  readonly source: string | null;
  readonly from: string | null;
}

export interface PruneOptions {
  /** Rewrites everything, so that no byte of what was removed is left; it holds up every write. */
  readonly vacuum: boolean;
  /** Stops it between two steps: what was removed by then stays removed. */
  readonly signal: AbortSignal;
}

export interface Pruned {
  /** Messages. */
  readonly removed: number;
  readonly removedEvents: number;
  readonly removedDeliveries: number;
  /** What the database took on the disk. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly details: Details;
  /** What the operator should know of the result, in sentences. */
  readonly notes: readonly string[];
}

/** What `GET /stats` says, and the gauges of the engine by the names of the metrics, from one snapshot. */
export interface DatabaseStats {
  readonly stats: Stats;
  readonly gauges: ReadonlyMap<string, number>;
  readonly schemaVersion: number | null;
  readonly lastSeq: number;
}

/** Methods reject with AdminError, with StoreUnavailable, and with what the engine and the system throw. */
export interface StoreAdmin {
  /** What the operator calls the database, such as the path of its file; without passwords. */
  readonly location: string;
  /** Compares everything that is derived from the messages with them, in one snapshot. Rejects when `signal` is aborted. */
  check(depth: Depth, signal: AbortSignal, onProgress: OnProgress<CheckName>): Promise<Inspection>;
  /** Builds everything that is derived from the messages again. `in_use` while a service runs. */
  repair(onProgress: OnProgress<'lists' | 'search'>): Promise<void>;
  /**
   * Makes a backup that holds every message acknowledged before the call. `name_taken`, `bad_copy`; the target is then as it was.
   * `copying` is in units of the engine, `checking` in messages.
   */
  backup(
    options: BackupOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<BackupReport>;
  /** Replaces the database by a backup. `in_use`, `bad_copy`, `unsafe_number`; the database is then as it was. */
  restore(
    options: RestoreOptions,
    onProgress: OnProgress<'copying' | 'checking'>,
  ): Promise<RestoreReport>;
  /**
   * Returns all messages that match, in the order of the list, in chunks. What was there at the start and is not removed comes
   * exactly once; what arrives meanwhile comes if its position is still ahead.
   */
  exportMessages(filter: ExportFilter): AsyncIterable<readonly ArchivedMessage[]>;
  /** The same of events. `from` and `text` of the filter do not apply. */
  exportEvents(filter: ExportFilter): AsyncIterable<readonly ArchivedEvent[]>;
  /** Returns deliveries in the order of their numbers, in chunks: all, or those of one source, or those with these numbers that are there. */
  exportDeliveries(
    which: { readonly source: string | null } | { readonly numbers: readonly number[] },
  ): AsyncIterable<readonly ArchivedDelivery[]>;
  openImport(): Promise<BulkImport>;
  countPrunable(
    selection: Selection,
  ): Promise<{ readonly messages: number; readonly events: number }>;
  /** Removes messages for good and remembers their ids. `removing` is in messages; the other stages in units of the engine. */
  prune(
    selection: Selection,
    options: PruneOptions,
    onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
  ): Promise<Pruned>;
  stats(): Promise<DatabaseStats>;
  /** The database as one that all messages are copied from, also beside a service. `schema`. */
  openSource(): Promise<MigrationSource>;
  /** The database as one that all messages are copied into. `name_taken` where there is one with messages; `in_use`. */
  openTarget(): Promise<MigrationTarget>;
}
