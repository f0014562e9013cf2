// Forwarding on PostgreSQL behind its port: which connection each call uses, and which calls need the lease.
import { randomUUID } from 'node:crypto';
import type { ForwardMode, ForwardReport, ForwardStart } from '../../../model/forward.ts';
import {
  type DeadSelection,
  type ForwardChange,
  type ForwardStore,
  StoreUnavailable,
  type Unfinished,
} from '../../store.ts';
import { assertPrimary } from '../database/connect.ts';
import type { Pool } from '../database/pool.ts';
import type { Pools } from '../database/pools.ts';
import type { Session } from '../database/session.ts';
import { inSnapshot, settled } from '../database/transaction.ts';
import { lockForward } from '../index/forward-rows.ts';
import { durablyInSteps } from '../write/durable.ts';
import { StuckCommits } from '../write/stuck-commits.ts';
import { selectContents } from './contents.ts';
import { selectEntries } from './entries.ts';
import { giveBackLease, giveBackLeases, holdLease, takeLease } from './lease.ts';
import { recordChange } from './record.ts';
import { selectDead, selectDue, selectHeld, selectUnfinishedOf } from './rows.ts';
import { forgetSome, keepReport, openForward, selectStatuses } from './status.ts';
import { type Steer, discard, replay, retryAt, steerSome } from './steer.ts';

const READ_TIMEOUT_MS = 10_000;
/** As an append: longer than it waits for a lock. */
const WRITE_TIMEOUT_MS = 15_000;
/** Commits that may go on after their connection was lost, before no others are begun. */
const STUCK_MAX = 2;

export class PostgresForwards implements ForwardStore {
  readonly #pools: Pools;
  readonly #configured: readonly string[];
  readonly #stuck: StuckCommits;
  /** What this process is called in leases. */
  readonly #holder = randomUUID();
  #leased = false;

  /** `configured`: the destinations that are never forgotten. */
  constructor(pools: Pools, configured: readonly string[]) {
    this.#pools = pools;
    this.#configured = configured;
    this.#stuck = new StuckCommits(pools.poll);
  }

  lease(name: string): Promise<boolean> {
    this.#leased = true;
    return takeLease(this.#pools.poll, name, this.#holder);
  }

  release(name: string): Promise<void> {
    return giveBackLease(this.#pools.poll, name, this.#holder);
  }

  open(name: string, mode: ForwardMode, start: ForwardStart) {
    return this.#write((session) => openForward(session, name, mode, start));
  }

  entries(mode: ForwardMode, after: number, limit: number) {
    return this.#read((session) => selectEntries(session, mode, after, limit));
  }

  contents(mode: ForwardMode, seqs: readonly number[]) {
    return this.#read((session) => selectContents(session, mode, seqs));
  }

  held(name: string, conversations: readonly string[]) {
    return this.#read((session) => selectHeld(session, name, conversations));
  }

  due(name: string, nowMs: number, limit: number) {
    return this.#read((session) => selectDue(session, name, nowMs, limit));
  }

  record(name: string, change: ForwardChange): Promise<boolean> {
    return this.#write(async (session) => {
      const [held] = await settled([
        holdLease(session, name, this.#holder),
        lockForward(session, name),
      ]);
      if (held) await recordChange(session, name, change);
      return held;
    });
  }

  async report(name: string, report: ForwardReport): Promise<void> {
    await this.#write(async (session) => {
      if (await holdLease(session, name, this.#holder)) await keepReport(session, name, report);
    });
  }

  statuses() {
    return this.#read(selectStatuses, this.#pools.read);
  }

  dead(name: string, after: number, limit: number) {
    return this.#read((session) => selectDead(session, name, after, limit), this.#pools.read);
  }

  unfinishedOf(seq: number) {
    return this.#read((session) => selectUnfinishedOf(session, seq), this.#pools.read);
  }

  retry(name: string, which: DeadSelection, nowMs: number): Promise<number> {
    return this.#steer(name, which, retryAt(nowMs));
  }

  discard(name: string, which: DeadSelection): Promise<number> {
    return this.#steer(name, which, discard);
  }

  replay(
    name: string,
    entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
    nowMs: number,
  ): Promise<number> {
    return this.#write((session) => replay(session, name, entries, nowMs));
  }

  async forget(unusedSinceMs: number): Promise<void> {
    const step = (session: Session): Promise<boolean> =>
      forgetSome(session, unusedSinceMs, this.#configured);
    while (await this.#write(step));
  }

  /** Lets others have what this process forwarded. */
  async close(): Promise<void> {
    if (!this.#leased) return;
    try {
      await giveBackLeases(this.#pools.poll, this.#holder);
    } catch {
      // Then they end by themselves.
    }
  }

  /** Step by step, as the replica that forwards waits for each. */
  async #steer(name: string, which: DeadSelection, steer: Steer): Promise<number> {
    let count = 0;
    for (let after: number | null = 0; after !== null;) {
      const from: number = after;
      const step = await this.#write((session) => steerSome(session, name, which, from, steer));
      count += step.count;
      after = step.next;
    }
    return count;
  }

  #read<T>(select: (session: Session) => Promise<T>, pool: Pool = this.#pools.forward): Promise<T> {
    return pool.use(READ_TIMEOUT_MS, (session) =>
      inSnapshot(session, READ_TIMEOUT_MS, async () => {
        const [, result] = await settled([assertPrimary(session), select(session)]);
        return result;
      }),
    );
  }

  async #write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if ((await this.#stuck.count()) >= STUCK_MAX)
      throw new StoreUnavailable('timeout', 'commits wait for the standbys');
    return await this.#pools.forward.use(WRITE_TIMEOUT_MS, (session) =>
      this.#stuck.watch(session, () => durablyInSteps(session, () => work(session))),
    );
  }
}
