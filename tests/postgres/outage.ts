// A database that is away: how a replica answers meanwhile, and that it recovers by itself.
import assert from 'node:assert/strict';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { OWNER, queryOnce } from '../support/postgres.ts';
import type { Service } from '../support/service.ts';

/** What reads the database. */
export const READS = [
  '/messages',
  '/messages?q=hello',
  '/stats',
  '/stats/timeline',
  '/health/ready',
];

/** Waits until posts and reads are answered 503 with `Retry-After`; the process itself is alive. */
export async function assertAway(service: Service): Promise<void> {
  await eventually('a post to be refused', async () => {
    const { status, headers } = await service.post(message({ message_id: 'away' }));
    if (status !== 503) return undefined;
    assert.match(headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    return true;
  });
  await Promise.all(
    READS.map(async (path) => {
      await eventually(`503 for ${path}`, async () =>
        (await service.get(path)).status === 503 ? true : undefined,
      );
    }),
  );
  assert.equal((await service.get('/health/live')).status, 200);
}

/** Waits until everything is answered again. */
export async function assertBack(service: Service): Promise<void> {
  await eventually('a post to be accepted', async () =>
    (await service.post(message({ message_id: 'away' }))).status === 200 ? true : undefined,
  );
  for (const path of READS)
    await eventually(`200 for ${path}`, async () =>
      (await service.get(path)).status === 200 ? true : undefined,
    );
}

/** Ends all connections of replicas, at a server; `admin` is the URL of its superuser. */
export async function endAll(admin: string): Promise<void> {
  await queryOnce(
    admin,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${OWNER}'`,
  );
}
