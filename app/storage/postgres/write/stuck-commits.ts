// Commits that go on after their connection was lost: the server does not notice that, so no others may take their place.
import { int4Array } from '../database/arrays.ts';
import type { Pool } from '../database/pool.ts';
import type { Session } from '../database/session.ts';

const CHECK_MS_MAX = 2_000;
/** They wait for a standby, or for the lock of one that does. */
const STUCK = `SELECT pid FROM pg_stat_activity
  WHERE pid = ANY($1::int4[]) AND state = 'active' AND wait_event_type IN ('IPC', 'Lock')`;

export class StuckCommits {
  readonly #pool: Pool;
  #processes = new Set<number>();

  /** `pool` is for asking the server. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Settles as `work` does, and remembers the process of the server where the connection was lost by then. */
  async watch<T>(session: Session, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      if (session.broken) this.#processes.add(session.process);
    }
  }

  /** Returns how many there are. After a failover there are none. Rejects with StoreUnavailable. */
  async count(): Promise<number> {
    if (this.#processes.size === 0) return 0;
    const rows = await this.#pool.use(CHECK_MS_MAX, (session) =>
      session.rows<[number]>(STUCK, [int4Array([...this.#processes])]),
    );
    this.#processes = new Set(rows.map(([process]) => process));
    return this.#processes.size;
  }
}
