// The start: waits for a server that is away for a while, and brings the schema to today's version.
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../../model/refusal.ts';
import type { StoreObserver } from '../../store.ts';
import type { Connector } from './connect.ts';
import { describeError, isHopeless } from './failure.ts';
import { migrate } from './migrations.ts';

/** How long the start waits for a server that is away, and in which steps. */
const START_MS_MAX = 60_000;
const RETRY_MS = 500;
/** Migrations of large tables take long. */
const MIGRATION_MS_MAX = 3_600_000;

/** Rejects with Refusal, whose message is for the operator. */
export async function prepare(connector: Connector, observer: StoreObserver): Promise<void> {
  const startMs = performance.now();
  let isWaiting = false;
  for (;;) {
    try {
      const session = await connector.connect(MIGRATION_MS_MAX);
      try {
        return await migrate(session);
      } finally {
        await session.end();
      }
    } catch (error) {
      const isLate = performance.now() - startMs > START_MS_MAX;
      if (isLate || isHopeless(error))
        throw error instanceof Refusal
          ? error
          : new Refusal(describeError(error), { cause: error });
      if (!isWaiting) observer.waitingForDatabase(describeError(error), START_MS_MAX);
      isWaiting = true;
      await sleep(RETRY_MS);
    }
  }
}
