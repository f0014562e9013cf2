// Notices commits of all replicas: the last number is polled.
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import { lastSeqOf } from './stream.ts';

/** Streams show what others stored within 250 ms: this, the read that follows, and some time to spare. */
const POLL_MS = 50;
const RETRY_MS = 500;
const POLL_MS_MAX = 2_000;

export class Follower {
  readonly #loop: Loop;
  #lastSeq = 0;

  /** `committed` is called when the last number has changed. */
  constructor(pool: Pool, committed: () => void) {
    this.#loop = new Loop(async () => {
      try {
        const lastSeq = await pool.use(POLL_MS_MAX, lastSeqOf);
        if (lastSeq !== this.#lastSeq) committed();
        this.#lastSeq = lastSeq;
        return POLL_MS;
      } catch {
        return RETRY_MS;
      }
    });
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }
}
