// Retention by the replica that has the lease: removes what is too old, in short steps, unless it is still to be forwarded.
import type { ForwardMode } from '../../../model/forward.ts';
import type { StoreObserver } from '../../store.ts';
import { reasonOf } from '../database/failure.ts';
import { FIRST_KEY, keyParameter, keyValues } from '../database/keys.ts';
import { Loop } from '../database/loop.ts';
import { deliveryNumber } from '../database/numbers.ts';
import type { Pool } from '../database/pool.ts';
import { textArray } from '../database/arrays.ts';
import type { Session, Value } from '../database/session.ts';
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

/** So many times as old as what is removed otherwise goes what a destination has not finished. */
const UNFINISHED_FACTOR = 2;

/** SQL for whether a destination of the mode, of those in `$6`, has not finished what has the number. */
const isUnfinished = (mode: ForwardMode, number: string): string =>
  `EXISTS (SELECT FROM forwards f CROSS JOIN (SELECT ${number} AS seq) n WHERE f.name = ANY($6::text[]) AND f.mode = '${mode}' AND (
      (n.seq > f.position AND n.seq <> ALL(f.finished)) OR EXISTS (SELECT FROM forward_items w WHERE w.forward = f.name AND w.seq = n.seq
        AND w.state <> 'discarded')))`;

/**
 * SQL for the next items of a table after the key in `$3` to `$5`, each with its key, and whether it is kept: it is of `$2` or later, and it or
 * its delivery is to be forwarded. \`$1\` is the first second that stays in any case.
 */
const oldest = (table: string, id: string, delivery: string): string =>
  `SELECT ts_seconds, ts_nanos, ${id}, ts_seconds >= $2::int8 AND (
      ${isUnfinished('item', '(SELECT b.first_seq + i.ord FROM batches b WHERE b.batch = i.batch)')}
      OR ${isUnfinished('raw', deliveryNumber(delivery))})
    FROM (
      SELECT * FROM ${table} WHERE ts_seconds < $1::int8 AND (ts_seconds, ts_nanos, ${id}) > ${keyParameter(3)}
      ORDER BY ts_seconds, ts_nanos, ${id} LIMIT ${STEP_ITEMS}
    ) i ORDER BY ts_seconds, ts_nanos, ${id}`;
const OLDEST = oldest(
  'messages',
  'message_id',
  '(SELECT o.delivery FROM origins o WHERE o.message_id = i.message_id)',
);
const OLDEST_EVENTS = oldest('events', 'event_id', 'i.delivery');

type OldRow = readonly [seconds: number, nanos: number, id: Buffer, kept: boolean];
type Key = readonly [seconds: Value, nanos: Value, id: Value];

/** A removal that is lost with the server is made again. It waits for no standby, nor for long behind what does: see `Lease`. */
const UNSYNCED = 'SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = 10000';

/** The first second that stays, by the clock of the server: those of replicas may differ. */
const END = `SELECT floor(extract(epoch FROM now()))::int8 - $1::int8 * ${DAY_SECONDS}`;

interface Run {
  readonly startMs: number;
  /** The first second that stays; null before it is known. */
  endSeconds: number | null;
  /** Up to where messages and events were looked at. */
  messagesAfter: Key;
  eventsAfter: Key;
  messages: number;
  events: number;
}

export interface RetentionOptions {
  readonly days: number;
  /** Destinations: what they have not finished is kept up to twice as long. */
  readonly forwards: readonly string[];
}

const NONE: Removed = { messages: 0, events: 0, deliveries: 0 };

function newRun(): Run {
  const after = keyValues(FIRST_KEY);
  const found = { messages: 0, events: 0 };
  return {
    startMs: performance.now(),
    endSeconds: null,
    messagesAfter: after,
    eventsAfter: after,
    ...found,
  };
}

function removableOf(rows: readonly OldRow[]): Buffer[] {
  return rows.filter(([, , , kept]) => !kept).map(([, , id]) => id);
}

function lastKey(rows: readonly OldRow[]): Key | null {
  const last = rows.at(-1);
  return last === undefined ? null : [last[0], last[1], last[2]];
}

/** Runs at the start of the service and once an hour. */
export class Retention {
  readonly #pool: Pool;
  readonly #lease: Lease;
  readonly #days: number;
  readonly #forwards: readonly string[];
  readonly #observer: StoreObserver;
  readonly #loop: Loop;
  #run: Run | null = null;

  /** Removes items older than `days` days. */
  constructor(
    pool: Pool,
    lease: Lease,
    { days, forwards }: RetentionOptions,
    observer: StoreObserver,
  ) {
    this.#pool = pool;
    this.#lease = lease;
    this.#days = days;
    this.#forwards = forwards;
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
    this.#run ??= newRun();
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
      const keptSeconds = endSeconds - this.#days * DAY_SECONDS * (UNFINISHED_FACTOR - 1);
      const next = (query: string, after: Key): Promise<OldRow[]> =>
        session.rows<OldRow>(query, [endSeconds, keptSeconds, ...after, textArray(this.#forwards)]);
      const [messages, events] = await settled([
        next(OLDEST, run.messagesAfter),
        next(OLDEST_EVENTS, run.eventsAfter),
      ]);
      const found = Math.max(messages.length, events.length);
      const removable = { messages: removableOf(messages), events: removableOf(events) };
      const work = async (): Promise<Removed> => {
        await session.run(UNSYNCED);
        return await removeItems(session, { ...removable, beforeSeconds: endSeconds });
      };
      const isNothing = removable.messages.length + removable.events.length === 0;
      const removed = isNothing ? NONE : await inTransaction(session, work, 'READ COMMITTED');
      run.messagesAfter = lastKey(messages) ?? run.messagesAfter;
      run.eventsAfter = lastKey(events) ?? run.eventsAfter;
      return { removed, found };
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
