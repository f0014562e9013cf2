// The SQLite engine behind the port: one writer's thread, pools of readers, one file.
import type { Message } from '../../model/message.ts';
import type { MessageQuery, Page } from '../../model/page.ts';
import type { Stats } from '../../model/stats.ts';
import type { StreamPage } from '../../model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../model/timeline.ts';
import type {
  AppendOutcome,
  Store,
  StoreFigures,
  StoreHealth,
  StoreObserver,
  Unavailable,
} from '../store.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import { reasonOf } from './file/failure.ts';
import { Readers } from './read/readers.ts';
import { gateMemory } from './search-gate.ts';
import { WriterQueue, type WriterOptions } from './write/writer-queue.ts';

const READ_TIMEOUT_MS = 10_000;
/** One check or one look at the figures: below the 3 s that probes wait. */
const STATE_TIMEOUT_MS = 2_000;
const OPEN_TIMEOUT_MS = 30_000;
/** A batch that takes longer than this means a writer that is stuck. */
const WRITER_STUCK_MS = 10_000;

export interface SqliteOptions extends WriterOptions {
  readonly path: string;
  readonly readerThreads: number;
}

export class SqliteStore implements Store {
  readonly #writer: WriterQueue;
  readonly #readers: Readers;

  private constructor(writer: WriterQueue, readers: Readers) {
    this.#writer = writer;
    this.#readers = readers;
  }

  /** Opens the file, brings its schema to today's version and starts the threads. Rejects with OpenError. */
  static async open(options: SqliteOptions, observer: StoreObserver): Promise<SqliteStore> {
    const gate = gateMemory();
    const writer = await WriterQueue.open(options.path, options, gate, observer);
    const readers = new Readers(options.path, options.readerThreads, gate);
    // A first answer shows that the readers are up, so that the service is ready from its first moment.
    await readers.state('check', OPEN_TIMEOUT_MS);
    return new SqliteStore(writer, readers);
  }

  /** Whether no other service used the file when it was opened. */
  get alone(): boolean {
    return this.#writer.alone;
  }

  /** Messages that wait for the writer. */
  get writerDepth(): number {
    return this.#writer.depth;
  }

  /** Reads that wait for a thread. */
  get readersWaiting(): number {
    return this.#readers.waiting;
  }

  append(message: Message): Promise<AppendOutcome | Unavailable> {
    return this.#writer.append(message);
  }

  page(query: MessageQuery): Promise<Page> {
    return this.#readers.read({ kind: 'page', query }, READ_TIMEOUT_MS);
  }

  stats(): Promise<Stats> {
    return this.#readers.read({ kind: 'stats' }, READ_TIMEOUT_MS);
  }

  timeline(query: TimelineQuery): Promise<TimelineCounts> {
    return this.#readers.read({ kind: 'timeline', query }, READ_TIMEOUT_MS);
  }

  after(after: number, limit: number): Promise<StreamPage> {
    return this.#readers.read({ kind: 'after', query: { after, limit } }, READ_TIMEOUT_MS);
  }

  async check(): Promise<StoreHealth> {
    const isStuck = this.#writer.busyMs > WRITER_STUCK_MS;
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
        store: store === null ? null : 'the database does not answer',
        schema,
        writer: isStuck ? 'the writer is stuck' : null,
        disk: diskFailed ? 'the last write failed for want of disk' : null,
      },
      reason: store ?? firstReason({ schema: schema !== null, disk: diskFailed, timeout: isStuck }),
    };
  }

  async figures(): Promise<StoreFigures | null> {
    try {
      return await this.#readers.state('figures', STATE_TIMEOUT_MS);
    } catch {
      return null;
    }
  }

  async close(): Promise<void> {
    // Readers first: an open read would keep the last checkpoint from finishing.
    await this.#readers.close();
    await this.#writer.close();
  }
}

/** The first of the reasons that holds; null when none does. */
function firstReason<R extends UnavailableReason>(holds: Readonly<Record<R, boolean>>): R | null {
  for (const reason in holds) if (holds[reason]) return reason;
  return null;
}
