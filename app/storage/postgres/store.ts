// The PostgreSQL engine behind the port: connections for each kind of work, and one background worker over all replicas.
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresLocation } from '../../model/database.ts';
import { Refusal } from '../../model/refusal.ts';
import type { StoreObserver } from '../store.ts';
import { Connector } from './database/connect.ts';
import { describeError, isHopeless } from './database/failure.ts';
import { migrate } from './database/migrations.ts';

/** How long the start waits for a server that is away, and in which steps. */
const START_MS_MAX = 60_000;
const START_RETRY_MS = 500;
/** Migrations of large tables take long. */
const MIGRATION_MS_MAX = 3_600_000;

/** Connects, waiting for a server that is away for a while, and brings the schema to today's version. Rejects with Refusal. */
async function prepare(connector: Connector, observer: StoreObserver): Promise<void> {
  const startMs = performance.now();
  let waiting = false;
  for (;;) {
    try {
      const session = await connector.connect(MIGRATION_MS_MAX);
      try {
        return await migrate(session);
      } finally {
        await session.end();
      }
    } catch (error) {
      if (error instanceof Refusal && isHopeless(error)) throw error;
      const late = performance.now() - startMs > START_MS_MAX;
      if (late || isHopeless(error)) throw new Refusal(describeError(error), { cause: error });
      if (!waiting) observer.waitingForLock(START_MS_MAX);
      waiting = true;
      await sleep(START_RETRY_MS);
    }
  }
}
