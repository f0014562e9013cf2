// Notices commits of all replicas: the last number is polled.
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import { lastSeqOf } from './stream.ts';

/** Streams show what others stored within 250 ms: this, the read that follows, and some time to spare. */
const POLL_MS = 50;
const RETRY_MS = 500;
const POLL_MS_MAX = 2_000;

export class Follower {
  readonly #committed: () => void;
  readonly #loop: Loop;
  #lastSeq = 0;

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

  async close(): Promise<void> {
    await this.#loop.close();
  }

  async #poll(pool: Pool): Promise<void> {
    const before = this.#lastSeq;
    const lastSeq = await pool.use(POLL_MS_MAX, lastSeqOf);
    // Passed over where it may be older than what came meanwhile. It may be lower: a failover can lose what was not replicated.
    if (this.#lastSeq !== before || lastSeq === before) return;
    this.#lastSeq = lastSeq;
    this.#committed();
  }
}
