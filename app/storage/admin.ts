// The port for maintenance: what the commands may call of an engine, beside a running service or without one. It depends on no engine.
import type { Instant } from '../model/instant.ts';
import { Refusal } from '../model/refusal.ts';
import type { SourceCounts } from '../model/source.ts';
import type { Stats } from '../model/stats.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  ArchivedMessage,
  BulkImport,
  DeliveryFilter,
  ExportFilter,
} from './archive.ts';
import type { MigrationSource, MigrationTarget } from './migration.ts';

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

/** What is checked: the engine's own files, the schema, counts that are kept, deliveries against their items, the lists, search. */
export type CheckName = 'integrity' | 'schema' | 'counters' | 'deliveries' | 'index' | 'search';

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
  /** Both null, too, in a database of a schema before there were any. */
  readonly events: number | null;
  readonly deliveries: number | null;
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
  readonly events: number;
  readonly deliveries: number;
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
  readonly events: number;
  readonly deliveries: number;
  /** The next message gets the number after this one. */
  readonly lastSeq: number;
  /** What that number was taken from. */
  readonly numberSource: NumberSource;
  /** Where the old database is now; null where there was none. */
  readonly kept: string | null;
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

/** What a prune would remove. `events` includes the conflicts of the messages. */
export interface Prunable {
  readonly messages: number;
  readonly events: number;
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
  /** As `Store.sources` has them. */
  readonly sources: readonly SourceCounts[];
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
  /** The last number assigned, to an item that is there or not; 0 before the first. */
  lastSeq(): Promise<number>;
  /**
   * Returns all messages that match, in the order of the list, in chunks that are bounded in bytes. What was there at the start and is not removed comes
   * exactly once; what arrives meanwhile comes if its position is still ahead.
   */
  exportMessages(filter: ExportFilter): AsyncIterable<readonly ArchivedMessage[]>;
  /** The same of events. `from` and `text` of the filter do not apply. */
  exportEvents(filter: ExportFilter): AsyncIterable<readonly ArchivedEvent[]>;
  /** Returns deliveries in the order of their numbers, in chunks that are bounded in bytes. */
  exportDeliveries(filter: DeliveryFilter): AsyncIterable<readonly ArchivedDelivery[]>;
  openImport(): Promise<BulkImport>;
  countPrunable(selection: Selection): Promise<Prunable>;
  /** Removes items for good and remembers their ids. `removing` is in items; the other stages in units of the engine. */
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
