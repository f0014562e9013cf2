// Retention by the replica that has the lease: removes what is too old, in short steps.
import type { StoreObserver } from '../../store.ts';
import { reasonOf } from '../database/failure.ts';
import { KEY_COLUMNS } from '../database/keys.ts';
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import type { Session } from '../database/session.ts';
import { inTransaction, settled } from '../database/transaction.ts';
import type { Lease } from '../index/lease.ts';
import { type Removed, removeItems } from '../index/removal.ts';

/** Items of a step, of each kind: the filling of lists and search waits for it. */
const STEP_ITEMS = 512;
/** After a step comes a pause of this many times its length. */
const REST_FACTOR = 2;
const RUN_EVERY_MS = 3_600_000;
const RETRY_MS = 10_000;
/** How often a replica without the lease looks whether it has it now. */
const LEASE_MS = 1_000;
const STEP_MS_MAX = 60_000;
const DAY_SECONDS = 86_400;

const OLDEST = `SELECT message_id FROM messages WHERE ts_seconds < $1::int8 ORDER BY ${KEY_COLUMNS} LIMIT ${STEP_ITEMS}`;
const OLDEST_EVENTS = `SELECT event_id FROM events WHERE ts_seconds < $1::int8 ORDER BY ts_seconds, ts_nanos, event_id LIMIT ${STEP_ITEMS}`;

/** A removal that is lost with the server is made again. It waits for no standby, nor for long behind what does: see `Lease`. */
const UNSYNCED = 'SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = 10000';

/** The first second that stays, by the clock of the server: those of replicas may differ. */
const END = `SELECT floor(extract(epoch FROM now()))::int8 - $1::int8 * ${DAY_SECONDS}`;

interface Run {
  readonly startMs: number;
  /** The first second that stays; null before it is known. */
  endSeconds: number | null;
  messages: number;
  events: number;
}

/** Runs at the start of the service and once an hour. */
export class Retention {
  readonly #pool: Pool;
  readonly #lease: Lease;
  readonly #days: number;
  readonly #observer: StoreObserver;
  readonly #loop: Loop;
  #run: Run | null = null;

  /** Removes items older than `days` days. */
  constructor(pool: Pool, lease: Lease, days: number, observer: StoreObserver) {
    this.#pool = pool;
    this.#lease = lease;
    this.#days = days;
    this.#observer = observer;
    this.#loop = new Loop(() => this.#step());
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }

  async #step(): Promise<number> {
    if (!this.#lease.isHeld) {
      this.#run = null;
      return LEASE_MS;
    }
    this.#run ??= { startMs: performance.now(), endSeconds: null, messages: 0, events: 0 };
    const run = this.#run;
    const startMs = performance.now();
    try {
      const { removed, found } = await this.#remove(run);
      run.messages += removed.messages;
      run.events += removed.events;
      if (removed.messages > 0) this.#observer.pruned(removed.messages);
      if (found === STEP_ITEMS) return (performance.now() - startMs) * REST_FACTOR;
      return this.#end(run, null);
    } catch (error) {
      return this.#end(run, reasonOf(error));
    }
  }

  /** `found`: how many of one kind there were to remove, at most STEP_ITEMS. */
  async #remove(run: Run): Promise<{ removed: Removed; found: number }> {
    return await this.#pool.use(STEP_MS_MAX, async (session) => {
      const endSeconds = run.endSeconds ?? (await this.#endSeconds(session));
      run.endSeconds = endSeconds;
      const [messages, events] = await settled([
        session.rows<[Buffer]>(OLDEST, [endSeconds]),
        session.rows<[Buffer]>(OLDEST_EVENTS, [endSeconds]),
      ]);
      const found = Math.max(messages.length, events.length);
      if (found === 0) return { removed: { messages: 0, events: 0, deliveries: 0 }, found };
      const work = async (): Promise<Removed> => {
        await session.run(UNSYNCED);
        return await removeItems(session, {
          messages: messages.map(([id]) => id),
          events: events.map(([id]) => id),
          beforeSeconds: endSeconds,
        });
      };
      return { removed: await inTransaction(session, work, 'READ COMMITTED'), found };
    });
  }

  async #endSeconds(session: Session): Promise<number> {
    const [row] = await session.rows<[number]>(END, [this.#days]);
    if (row === undefined) throw new Error('the server has no time');
    return row[0];
  }

  #end({ startMs, messages, events }: Run, failure: string | null): number {
    this.#run = null;
    const durationMs = performance.now() - startMs;
    this.#observer.pruneRun({ messages, events, durationMs, failure });
    return failure === null ? RUN_EVERY_MS : RETRY_MS;
  }
}
