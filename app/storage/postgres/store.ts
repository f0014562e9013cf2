// The PostgreSQL engine behind the port: connections for each kind of work, and what one of all replicas does behind the commit.
import type { PostgresLocation } from '../../model/database.ts';
import type { Delivery, Item } from '../../model/item.ts';
import type { EventPage, EventQuery } from '../../model/event.ts';
import type { MessageQuery, Page } from '../../model/page.ts';
import type { SourceCounts } from '../../model/source.ts';
import type { Stats } from '../../model/stats.ts';
import type { StreamPage, StreamScope } from '../../model/stream.ts';
import type { TimelineCounts, TimelineQuery } from '../../model/timeline.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import { COMMIT_MS_MAX } from '../append-queue.ts';
import type {
  AppendOutcome,
  GaugeDescription,
  Store,
  StoreHealth,
  StoreObserver,
  StoreOptions,
  Unavailable,
} from '../store.ts';
import { Connector, assertPrimary } from './database/connect.ts';
import { reasonOf } from './database/failure.ts';
import { missingTables } from './database/migrations.ts';
import type { Pool } from './database/pool.ts';
import type { Session } from './database/session.ts';
import { prepare } from './database/start.ts';
import { inSnapshot, settled } from './database/transaction.ts';
import { Filler } from './index/filler.ts';
import { PostgresForwards } from './forward/forwards.ts';
import { Lease } from './index/lease.ts';
import { type Progress, readProgress } from './index/progress.ts';
import { Pools } from './database/pools.ts';
import { Follower } from './read/follower.ts';
import { GAUGE_DESCRIPTIONS, readGauges } from './read/gauges.ts';
import { selectEvents } from './read/events.ts';
import { selectDelivery, selectEvent, selectMessage } from './read/items.ts';
import { selectPage } from './read/page.ts';
import { selectSources } from './read/sources.ts';
import { selectStats } from './read/stats.ts';
import { selectAfter } from './read/stream.ts';
import { selectTimeline } from './read/timeline.ts';
import type { Isolation } from './write/durable.ts';
import { Retention } from './write/retention.ts';
import { Writer } from './write/writer.ts';

const READ_TIMEOUT_MS = 10_000;
/** One check, or one reading of the gauges: below the 3 s that probes wait. */
const STATE_TIMEOUT_MS = 2_000;

interface PostgresOptions extends StoreOptions {
  /** Of appends; the tests force the strictest. */
  readonly isolation?: Isolation;
}

export class PostgresStore implements Store {
  readonly gauges: readonly GaugeDescription[] = GAUGE_DESCRIPTIONS;
  readonly forwards: PostgresForwards;
  readonly #pools: Pools;
  readonly #writer: Writer;
  readonly #lease: Lease;
  readonly #filler: Filler;
  readonly #follower: Follower;
  readonly #retention: Retention | null;
  readonly #listeners = new Set<() => void>();
  #closed: Promise<void> | null = null;

  private constructor(pools: Pools, options: PostgresOptions, observer: StoreObserver) {
    const { isolation = 'READ COMMITTED', queueMessagesMax, retentionDays, forwards } = options;
    const committed = (): void => {
      this.#filler.committed();
      for (const listener of this.#listeners) listener();
    };
    this.#pools = pools;
    this.forwards = new PostgresForwards(pools, forwards);
    this.#writer = new Writer(
      pools,
      { queueMessagesMax, isolation },
      observer,
      (lastSeq) => this.#follower.reached(lastSeq),
      () => this.#follower.unlisted,
    );
    this.#lease = new Lease(pools.poll);
    this.#filler = new Filler(pools.background, this.#lease, observer);
    this.#follower = new Follower(pools.poll, committed);
    this.#retention =
      retentionDays === null
        ? null
        : new Retention(pools.background, this.#lease, { days: retentionDays, forwards }, observer);
  }

  /** Connects and brings the schema to today's version. Rejects with Refusal. */
  static async open(
    location: PostgresLocation,
    options: PostgresOptions,
    observer: StoreObserver,
  ): Promise<PostgresStore> {
    const connector = new Connector(location);
    await prepare(connector, observer);
    return new PostgresStore(new Pools(connector, options.readerThreads), options, observer);
  }

  get appendsWaiting(): number {
    return this.#writer.depth;
  }

  get readsWaiting(): number {
    return this.#pools.read.waiting + this.#pools.search.waiting;
  }

  append(items: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    return this.#writer.append(items);
  }

  page(query: MessageQuery): Promise<Page> {
    const pool = query.text === null ? this.#pools.read : this.#pools.search;
    return read(pool, (session, progress) => selectPage(session, progress, query));
  }

  stats(): Promise<Stats> {
    return read(this.#pools.read, selectStats);
  }

  timeline(query: TimelineQuery): Promise<TimelineCounts> {
    return read(this.#pools.read, (session, progress) => selectTimeline(session, progress, query));
  }

  after(after: number, limit: number, scope: StreamScope = 'messages'): Promise<StreamPage> {
    return this.#readOne((session) => selectAfter(session, { after, limit, scope }));
  }

  message(messageId: string): Promise<Uint8Array | null> {
    return this.#readOne((session) => selectMessage(session, messageId));
  }

  events(query: EventQuery): Promise<EventPage> {
    return this.#readOne((session) => selectEvents(session, query));
  }

  event(eventId: string): Promise<Uint8Array | null> {
    return this.#readOne((session) => selectEvent(session, eventId));
  }

  delivery(number: number): Promise<Delivery | null> {
    return this.#readOne((session) => selectDelivery(session, number));
  }

  sources(): Promise<readonly SourceCounts[]> {
    return read(this.#pools.read, selectSources);
  }

  onCommit(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async check(): Promise<StoreHealth> {
    const isStuck = this.#writer.busyMs > COMMIT_MS_MAX;
    const { diskFailed } = this.#writer;
    let store: UnavailableReason | null = null;
    let missing: string[] = [];
    try {
      missing = await this.#pools.state.use(STATE_TIMEOUT_MS, async (session) => {
        await assertPrimary(session);
        return await missingTables(session);
      });
    } catch (error) {
      store = reasonOf(error);
    }
    const schema = missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
    const reasons: readonly (UnavailableReason | false)[] = [
      schema !== null && 'schema',
      diskFailed && 'disk',
      isStuck && 'timeout',
    ];
    return {
      checks: {
        store: store === null ? null : 'the database does not respond, or accepts no writes',
        schema: store === null ? schema : 'unknown',
        writer: isStuck ? 'the writer is stuck' : null,
        disk: diskFailed ? 'the last write failed: the disk is full or failing' : null,
      },
      reason: store ?? (reasons.find((reason) => reason !== false) || null),
    };
  }

  async readGauges(): Promise<ReadonlyMap<string, number> | null> {
    try {
      return await this.#pools.state.use(STATE_TIMEOUT_MS, (session) =>
        inSnapshot(session, STATE_TIMEOUT_MS, () => readGauges(session, this.#pools.all)),
      );
    } catch {
      return null;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Runs a read that needs nothing derived, in one snapshot. */
  #readOne<T>(select: (session: Session) => Promise<T>): Promise<T> {
    return this.#pools.read.use(READ_TIMEOUT_MS, (session) =>
      inSnapshot(session, READ_TIMEOUT_MS, async () => {
        const [, result] = await settled([assertPrimary(session), select(session)]);
        return result;
      }),
    );
  }

  async #close(): Promise<void> {
    const drained = this.#writer.drain();
    await Promise.all([
      this.#pools.read.close(),
      this.#pools.search.close(),
      this.#pools.state.close(),
    ]);
    await Promise.all([this.#retention?.close(), this.#filler.close(), this.#follower.close()]);
    await drained;
    await Promise.all([this.#lease.close(), this.forwards.close()]);
    await this.#pools.close();
  }
}

/** Runs a read in one snapshot, with how far everything derived is in it. */
async function read<T>(
  pool: Pool,
  select: (session: Session, progress: Progress) => Promise<T>,
): Promise<T> {
  return await pool.use(READ_TIMEOUT_MS, (session) =>
    inSnapshot(session, READ_TIMEOUT_MS, async () => {
      const [, progress] = await settled([assertPrimary(session), readProgress(session)]);
      return await select(session, progress);
    }),
  );
}
