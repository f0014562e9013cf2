// The queue in front of the append: what has arrived while a batch is being committed is the next batch.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Item } from '../../../model/item.ts';
import type { UnavailableReason } from '../../../model/unavailable.ts';
import { AppendQueue, BATCH_MESSAGES } from '../../append-queue.ts';
import { DiskProbes } from '../../disk-probes.ts';
import {
  type AppendOutcome,
  type StoreObserver,
  StoreUnavailable,
  type Unavailable,
} from '../../store.ts';
import { reasonOf } from '../database/failure.ts';
import type { Pool } from '../database/pool.ts';
import { APPEND_CONNECTIONS, type Pools } from '../database/pools.ts';
import { TAIL_MESSAGES_MAX } from '../index/limits.ts';
import { appendItems } from './append.ts';
import { type Isolation, probe } from './durable.ts';
import { StuckCommits } from './stuck-commits.ts';

/** Longer than callers wait (COMMIT_MS_MAX) and than the append waits for a lock; then the connection is given up, as that of a host that is gone. */
const APPEND_MS_MAX = 15_000;

/** Messages that the lists may lack before commits leave them time: half of what ends in refused reads. */
const UNLISTED_FREE = TAIL_MESSAGES_MAX / 2;
/** How long a commit waits when the lists lack as many as reads allow. */
const PACE_MS_MAX = 500;

/**
 * A second batch begins beside the first only when it has as many messages as this: commits wait for each other in any case, and each
 * costs the server as much as many messages.
 */
const BESIDE_MESSAGES_MIN = 128;
/** A batch that is being committed. Its result is reported when those of all before it are. */
interface Flight {
  readonly messages: number;
  result: readonly AppendOutcome[] | UnavailableReason | null;
}

export class Writer {
  readonly #pool: Pool;
  readonly #isolation: Isolation;
  readonly #observer: StoreObserver;
  readonly #committed: (lastSeq: number) => void;
  readonly #unlisted: () => number;
  readonly #queue: AppendQueue;
  readonly #disk: DiskProbes;
  readonly #stuck: StuckCommits;
  #chunks: (readonly Item[])[] = [];
  readonly #flights: Flight[] = [];
  /** Messages in `#chunks`. */
  #waiting = 0;
  #running = 0;

  /**
   * `committed` is called after each commit of new messages, with the last number of them. `unlisted` returns how many messages the
   * lists lack: when there are many, commits wait.
   */
  constructor(
    { append: pool, poll }: Pools,
    { queueMessagesMax, isolation }: { queueMessagesMax: number; isolation: Isolation },
    observer: StoreObserver,
    committed: (lastSeq: number) => void,
    unlisted: () => number,
  ) {
    this.#pool = pool;
    this.#stuck = new StuckCommits(poll);
    this.#isolation = isolation;
    this.#observer = observer;
    this.#committed = committed;
    this.#unlisted = unlisted;
    this.#queue = new AppendQueue((messages) => {
      this.#chunks.push(messages);
      this.#waiting += messages.length;
      this.#start();
    }, queueMessagesMax);
    this.#disk = new DiskProbes(
      () => void this.#probe(),
      () => observer.diskRecovered(),
    );
  }

  /** Messages that wait or are being committed. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Whether a batch failed because of the disk, and no write has succeeded since. */
  get diskFailed(): boolean {
    return this.#disk.failed;
  }

  /** How long the oldest batch has been under way, in milliseconds; 0 when there is none. */
  get busyMs(): number {
    return this.#queue.busyMs;
  }

  /** See `Store.append`. */
  append(messages: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    return this.#queue.append(messages);
  }

  /** Accepts nothing more. Resolves when every accepted append is settled. */
  drain(): Promise<void> {
    this.#disk.close();
    return this.#queue.drain();
  }

  /** Messages that arrive during a commit are the next batch: so the requests of one are answered and read while another commits. */
  #start(): void {
    while (this.#waiting >= (this.#running === 0 ? 1 : BESIDE_MESSAGES_MIN)) {
      if (this.#running === APPEND_CONNECTIONS) return;
      this.#startBatch();
    }
  }

  #startBatch(): void {
    const messages = this.#takeBatch();
    const flight: Flight = { messages: messages.length, result: null };
    this.#flights.push(flight);
    this.#running += 1;
    void this.#fly(flight, messages);
  }

  async #fly(flight: Flight, messages: readonly Item[]): Promise<void> {
    const overdue = Math.min(1, this.#unlisted() / UNLISTED_FREE - 1);
    if (overdue > 0) await sleep(overdue * PACE_MS_MAX);
    flight.result = await this.#commit(messages);
    this.#running -= 1;
    this.#report();
    this.#start();
  }

  /** Whole chunks: what was appended together must not be split. */
  #takeBatch(): Item[] {
    const messages: Item[] = [];
    while (this.#chunks.length > 0 && messages.length < BATCH_MESSAGES)
      messages.push(...(this.#chunks.shift() ?? []));
    this.#waiting -= messages.length;
    return messages;
  }

  async #commit(messages: readonly Item[]): Promise<readonly AppendOutcome[] | UnavailableReason> {
    const startMs = performance.now();
    let failure: UnavailableReason | null = null;
    let outcomes: readonly AppendOutcome[] = [];
    try {
      if ((await this.#stuck.count()) >= APPEND_CONNECTIONS)
        throw new StoreUnavailable('timeout', 'commits wait for the standbys');
      const result = await this.#pool.use(APPEND_MS_MAX, (session) =>
        this.#stuck.watch(session, () => appendItems(session, messages, this.#isolation)),
      );
      ({ outcomes } = result);
      if (result.lastSeq !== null) this.#committed(result.lastSeq);
    } catch (error) {
      failure = reasonOf(error);
    }
    const commitMs = performance.now() - startMs;
    this.#observer.batch({ messages: messages.length, commitMs, failure });
    this.#disk.writeEnded(failure);
    return failure ?? outcomes;
  }

  /** Results in the order in which the batches were submitted. */
  #report(): void {
    const reported = this.#flights.findIndex(({ result }) => result === null);
    const ready = this.#flights.splice(0, reported === -1 ? this.#flights.length : reported);
    for (const { messages, result } of ready) {
      if (result === null) return;
      if (typeof result === 'string') this.#queue.failed(messages, result);
      else this.#queue.committed(result);
    }
  }

  async #probe(): Promise<void> {
    try {
      await this.#pool.use(APPEND_MS_MAX, probe);
      this.#disk.writeEnded(null);
    } catch (error) {
      this.#disk.writeEnded(reasonOf(error));
    }
  }
}
