// The SQLite engine behind the port: one writer's thread, a pool of readers, one file.
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
} from '../store.ts';
import { Readers } from './read/readers.ts';
import { gateMemory } from './search-gate.ts';
import { WriterQueue, type WriterOptions } from './write/writer-queue.ts';

const READ_TIMEOUT_MS = 10_000;
const CHECK_TIMEOUT_MS = 2_000;
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
    await readers.ask({ kind: 'check' }, OPEN_TIMEOUT_MS);
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

  /** Questions that wait for a reader. */
  get readersWaiting(): number {
    return this.#readers.waiting;
  }

  append(message: Message): Promise<AppendOutcome> {
    return this.#writer.append(message);
  }

  page(query: MessageQuery): Promise<Page> {
    return this.#readers.ask({ kind: 'page', query }, READ_TIMEOUT_MS);
  }

  stats(): Promise<Stats> {
    return this.#readers.ask({ kind: 'stats' }, READ_TIMEOUT_MS);
  }

  timeline(query: TimelineQuery): Promise<TimelineCounts> {
    return this.#readers.ask({ kind: 'timeline', query }, READ_TIMEOUT_MS);
  }

  after(after: number, limit: number): Promise<StreamPage> {
    return this.#readers.ask({ kind: 'after', query: { after, limit } }, READ_TIMEOUT_MS);
  }

  async check(): Promise<StoreHealth> {
    this.#writer.probeAfterFailure();
    const failure = this.#writer.lastFailure;
    const writer = this.#writer.busyMs > WRITER_STUCK_MS ? 'the writer is stuck' : null;
    const disk = failure === 'disk' ? 'the last write failed for want of disk' : null;
    try {
      const read = await this.#readers.ask({ kind: 'check' }, CHECK_TIMEOUT_MS);
      return { ...read, writer, disk };
    } catch {
      return { store: 'the database does not answer', schema: 'unknown', writer, disk };
    }
  }

  async figures(): Promise<StoreFigures | null> {
    try {
      return await this.#readers.ask({ kind: 'figures' }, CHECK_TIMEOUT_MS);
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
