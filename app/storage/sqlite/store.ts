// The SQLite engine behind the port: a writer, an indexer and readers, each with threads of its own, over two files.
import type { EventPage, EventQuery } from '../../model/event.ts';
import type { Delivery, Item } from '../../model/item.ts';
import type { MessageQuery, Page } from '../../model/page.ts';
import type { SourceCounts } from '../../model/source.ts';
import type { Stats } from '../../model/stats.ts';
import type { StreamPage, StreamScope } from '../../model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../model/timeline.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import type {
  AppendOutcome,
  ForwardStore,
  GaugeDescription,
  Store,
  StoreHealth,
  StoreObserver,
  StoreOptions,
  Unavailable,
} from '../store.ts';
import { reasonOf } from './file/failure.ts';
import { networkFileSystem, openToOthers } from './file/file-system.ts';
import { Signals } from './file/signals.ts';
import { COMMIT_MS_MAX } from '../append-queue.ts';
import { SqliteForwards } from './forward/forwards.ts';
import { IndexerClient } from './index/indexer-client.ts';
import { GAUGE_DESCRIPTIONS } from './read/gauges.ts';
import { READ_TIMEOUT_MS, Readers } from './read/readers.ts';
import { WriterClient } from './write/writer-client.ts';

/** One check, or one reading of the gauges: below the 3 s that probes wait. */
const STATE_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 30_000;

interface SqliteOptions extends StoreOptions {
  readonly path: string;
}

export class SqliteStore implements Store {
  readonly gauges: readonly GaugeDescription[] = GAUGE_DESCRIPTIONS;
  readonly forwards: ForwardStore;
  readonly #writer: WriterClient;
  readonly #indexer: IndexerClient;
  readonly #readers: Readers;
  readonly #listeners: Set<() => void>;

  private constructor(
    writer: WriterClient,
    indexer: IndexerClient,
    readers: Readers,
    listeners: Set<() => void>,
    forwards: readonly string[],
  ) {
    this.forwards = new SqliteForwards(writer, readers, forwards);
    this.#writer = writer;
    this.#indexer = indexer;
    this.#readers = readers;
    this.#listeners = listeners;
  }

  /** Opens the file, brings its schema to today's version and starts the threads. Rejects with OpenError. */
  static async open(options: SqliteOptions, observer: StoreObserver): Promise<SqliteStore> {
    const signals = new Signals();
    const listeners = new Set<() => void>();
    const writer = await WriterClient.open(options, signals, observer, () => {
      for (const listener of listeners) listener();
    });
    reportHazards(options.path, observer);
    const indexer = new IndexerClient(options.path, signals, observer);
    const readers = new Readers(options.path, options.readerThreads, signals);
    try {
      // A first check shows that the readers are up, so that the service is ready from its first moment.
      await readers.state('check', OPEN_TIMEOUT_MS);
    } catch {
      // Each request, and the readiness check, reports why they fail.
    }
    return new SqliteStore(writer, indexer, readers, listeners, options.forwards);
  }

  get appendsWaiting(): number {
    return this.#writer.depth;
  }

  get readsWaiting(): number {
    return this.#readers.waiting;
  }

  append(items: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    return this.#writer.append(items);
  }

  page(query: MessageQuery): Promise<Page> {
    return this.#readers.read({ kind: 'page', query }, READ_TIMEOUT_MS);
  }

  message(messageId: string): Promise<Uint8Array | null> {
    return this.#readers.read({ kind: 'message', id: messageId }, READ_TIMEOUT_MS);
  }

  events(query: EventQuery): Promise<EventPage> {
    return this.#readers.read({ kind: 'events', query }, READ_TIMEOUT_MS);
  }

  event(eventId: string): Promise<Uint8Array | null> {
    return this.#readers.read({ kind: 'event', id: eventId }, READ_TIMEOUT_MS);
  }

  delivery(number: number): Promise<Delivery | null> {
    return this.#readers.read({ kind: 'delivery', number }, READ_TIMEOUT_MS);
  }

  sources(): Promise<readonly SourceCounts[]> {
    return this.#readers.read({ kind: 'sources' }, READ_TIMEOUT_MS);
  }

  stats(): Promise<Stats> {
    return this.#readers.read({ kind: 'stats' }, READ_TIMEOUT_MS);
  }

  timeline(query: TimelineQuery): Promise<TimelineCounts> {
    return this.#readers.read({ kind: 'timeline', query }, READ_TIMEOUT_MS);
  }

  after(after: number, limit: number, scope: StreamScope = 'messages'): Promise<StreamPage> {
    return this.#readers.read({ kind: 'after', query: { after, limit, scope } }, READ_TIMEOUT_MS);
  }

  onCommit(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async check(): Promise<StoreHealth> {
    const isStuck = this.#writer.busyMs > COMMIT_MS_MAX;
    const { diskFailed } = this.#writer;
    let store: UnavailableReason | null = null;
    let schema: string | null = 'unknown';
    try {
      schema = await this.#readers.state('check', STATE_TIMEOUT_MS);
    } catch (error) {
      store = reasonOf(error);
    }
    return {
      checks: {
        store: store === null ? null : 'the database does not respond',
        schema,
        writer: isStuck ? 'the writer is stuck' : null,
        disk: diskFailed ? 'the last write failed: the disk is full or failing' : null,
      },
      reason: store ?? firstReason({ schema: schema !== null, disk: diskFailed, timeout: isStuck }),
    };
  }

  async readGauges(): Promise<ReadonlyMap<string, number> | null> {
    try {
      return await this.#readers.state('gauges', STATE_TIMEOUT_MS);
    } catch {
      return null;
    }
  }

  async close(): Promise<void> {
    const drained = this.#writer.drain();
    // Readers before the writer: an open read would keep the last checkpoints from finishing.
    await this.#readers.close();
    await this.#indexer.close();
    await drained;
    await this.#writer.close();
  }
}

function reportHazards(path: string, observer: StoreObserver): void {
  const fileSystem = networkFileSystem(path);
  if (fileSystem !== null) observer.hazard({ kind: 'network_file_system', path, fileSystem });
  const mode = openToOthers(path);
  if (mode !== null) observer.hazard({ kind: 'file_open_to_others', path, mode });
}

/** The first of the reasons that holds; null when none does. */
function firstReason<R extends UnavailableReason>(holds: Readonly<Record<R, boolean>>): R | null {
  for (const reason in holds) if (holds[reason]) return reason;
  return null;
}
