// Which of the replicas does the work behind the commit: the one that has the lease, which another takes when it is not renewed.
import { randomUUID } from 'node:crypto';
import { Loop } from '../database/loop.ts';
import type { Pool } from '../database/pool.ts';
import { LEASE } from '../database/schema-steps.ts';
import { inTransaction, settled } from '../database/transaction.ts';

/** By the clock of the server. A replica that is gone is replaced after this, and the pause below. */
const LEASE_SECONDS = 12;
const RENEW_MS = 3_000;
const LEASE_MS_MAX = 5_000;

const TAKE = `UPDATE leases SET holder = $1::uuid, until = now() + interval '${LEASE_SECONDS} s'
  WHERE name = '${LEASE}' AND (holder = $1::uuid OR until < now())`;
const GIVE_BACK = `UPDATE leases SET holder = NULL, until = '-infinity' WHERE name = '${LEASE}' AND holder = $1::uuid`;

/**
 * A lease need not outlive the server. So it waits for no standby: a connection that ends meanwhile would leave a process of the server
 * behind that holds the row, and each attempt after it another one.
 */
const UNSYNCED = 'SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = 2000';

/**
 * It saves work and is no lock: each step of the work has its own, so that two that believe to have the lease do no harm.
 */
export class Lease {
  readonly #pool: Pool;
  readonly #holder = randomUUID();
  readonly #loop: Loop;
  #heldUntilMs = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#loop = new Loop(async () => {
      await this.#take();
      return RENEW_MS;
    });
  }

  get isHeld(): boolean {
    return performance.now() < this.#heldUntilMs;
  }

  /** Ends it, so that another replica need not wait. */
  async close(): Promise<void> {
    await this.#loop.close();
    if (!this.isHeld) return;
    this.#heldUntilMs = 0;
    try {
      await changeLease(this.#pool, GIVE_BACK, [this.#holder]);
    } catch {
      // Then it ends by itself.
    }
  }

  async #take(): Promise<void> {
    const askedMs = performance.now();
    try {
      const taken = await changeLease(this.#pool, TAKE, [this.#holder]);
      this.#heldUntilMs = taken === 1 ? askedMs + LEASE_SECONDS * 1_000 : 0;
    } catch {
      // The server is away. What is held still counts until it ends.
    }
  }
}

/** Changes leases by one statement. Returns how many it changed. Rejects with StoreUnavailable. */
export function changeLease(
  pool: Pool,
  statement: string,
  values: readonly string[],
): Promise<number> {
  return pool.use(LEASE_MS_MAX, (session) =>
    inTransaction(
      session,
      async () => {
        const sent = [session.run(UNSYNCED), session.run(statement, values)] as const;
        const [, changed] = await settled(sent);
        return changed;
      },
      'READ COMMITTED',
    ),
  );
}
