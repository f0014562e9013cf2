// The connections of a replica: so many for each kind of work, so that none waits for another.
import type { Connector } from './connect.ts';
import { Pool } from './pool.ts';

/** Batches that are committed at once: while one waits for the disk, the next one is inserted. */
export const APPEND_CONNECTIONS = 2;
/** Lists, search and retention, each one connection. */
const BACKGROUND_CONNECTIONS = 3;
/** What destinations read, and what became of it: they share them. None is opened while nothing is forwarded. */
const FORWARD_CONNECTIONS = 3;
const READS_WAITING_MAX = 256;
const WAITING_MAX = 64;
/** Longer than any limit of a caller, who ends the connection before. */
const QUERY_MS = 3_600_000;

export class Pools {
  readonly append: Pool;
  readonly read: Pool;
  readonly search: Pool;
  /** For checks and gauges, which must not wait behind reads. */
  readonly state: Pool;
  /** For what is short and comes often. */
  readonly poll: Pool;
  readonly background: Pool;
  readonly forward: Pool;

  /** `readers` reads and half as many searches run at once. */
  constructor(connector: Connector, readers: number) {
    const pool = (connectionsMax: number, waitingMax: number): Pool =>
      new Pool(connector, { connectionsMax, waitingMax, queryMs: QUERY_MS });
    this.append = pool(APPEND_CONNECTIONS, WAITING_MAX);
    this.read = pool(readers, READS_WAITING_MAX);
    this.search = pool(Math.max(1, Math.floor(readers / 2)), READS_WAITING_MAX);
    this.state = pool(1, WAITING_MAX);
    this.poll = pool(1, WAITING_MAX);
    this.background = pool(BACKGROUND_CONNECTIONS, WAITING_MAX);
    this.forward = pool(FORWARD_CONNECTIONS, READS_WAITING_MAX);
  }

  get all(): readonly Pool[] {
    const { append, read, search, state, poll, background, forward } = this;
    return [append, read, search, state, poll, background, forward];
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((pool) => pool.close()));
  }
}
