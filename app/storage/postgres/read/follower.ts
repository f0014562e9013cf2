// Notices commits of all replicas, and how far the lists are behind them: both are polled.
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import { readProgress } from '../index/progress.ts';

/** Streams show what others stored within 250 ms: this, the read that follows, and some time to spare. */
const POLL_MS = 50;
const RETRY_MS = 500;
const POLL_MS_MAX = 2_000;

export class Follower {
  readonly #committed: () => void;
  readonly #loop: Loop;
  #lastSeq = 0;
  #unlisted = 0;

  /** `committed` is called once for each last number that is new. */
  constructor(pool: Pool, committed: () => void) {
    this.#committed = committed;
    this.#loop = new Loop(async () => {
      try {
        await this.#poll(pool);
        return POLL_MS;
      } catch {
        return RETRY_MS;
      }
    });
  }

  /** This replica has committed messages up to a number: others need not be asked. */
  reached(seq: number): void {
    if (seq <= this.#lastSeq) return;
    this.#lastSeq = seq;
    this.#committed();
  }

  /** Messages that the lists lacked when it was polled last. */
  get unlisted(): number {
    return this.#unlisted;
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }

  async #poll(pool: Pool): Promise<void> {
    const before = this.#lastSeq;
    const { lastSeq, unlisted } = await pool.use(POLL_MS_MAX, readProgress);
    this.#unlisted = unlisted;
    // Passed over where it may be older than what came meanwhile. It may be lower: a failover can lose what was not replicated.
    if (this.#lastSeq !== before || lastSeq === before) return;
    this.#lastSeq = lastSeq;
    this.#committed();
  }
}
