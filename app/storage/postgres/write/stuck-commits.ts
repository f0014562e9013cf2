// Commits that wait for a standby after their connection was lost: the server does not notice that, so no others take their place.
import { int4Array } from '../database/arrays.ts';
import type { Pool } from '../database/pool.ts';

const CHECK_MS_MAX = 2_000;
const WAITING = `SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int4[]) AND wait_event = 'SyncRep'`;

export class StuckCommits {
  readonly #pool: Pool;
  #processes = new Set<number>();

  /** `pool` is for asking the server. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The connection of this process of the server was lost before it said that it had committed. */
  add(process: number): void {
    this.#processes.add(process);
  }

  /** Returns how many there are. After a failover there are none. Rejects with StoreUnavailable. */
  async count(): Promise<number> {
    if (this.#processes.size === 0) return 0;
    const rows = await this.#pool.use(CHECK_MS_MAX, (session) =>
      session.rows<[number]>(WAITING, [int4Array([...this.#processes])]),
    );
    this.#processes = new Set(rows.map(([process]) => process));
    return this.#processes.size;
  }
}
