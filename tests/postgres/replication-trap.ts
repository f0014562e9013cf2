// The trap of synchronous replication: a commit whose wait for standbys is cut off is there, on the primary alone.
import assert from 'node:assert/strict';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { queryOnce } from '../support/postgres.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import type { Options } from '../support/service.ts';
import { keptMessages } from './kept.ts';
import { startReplica } from './replicas.ts';

/** Only appends wait for standbys. */
const WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/**
 * The standbys are gone, a commit waits for them, and its wait is ended: the message is there, and not replicated. Rejects where it
 * or its retry is accepted before a standby has it, and unless the next retry, after a failover that lost it, stores it.
 */
export async function assertNotTrapped(
  t: Cleaner,
  how: 'pg_terminate_backend' | 'pg_cancel_backend',
  options: Options = {},
): Promise<void> {
  const cluster = await postgresCluster(t);
  const service = await startReplica(t, cluster.url, options);
  await service.store(message());
  const admin = cluster.urlOf('a', 'postgres');
  const waiting = (): Promise<number> =>
    eventually('a commit that waits for standbys', async () => {
      // A connection that is lost is asked for again: what counts is what the server says.
      const [row] = await queryOnce(admin, WAITING).catch(() => []);
      return row === undefined ? undefined : Number(row['pid']);
    });
  await cluster.kill('b');
  await cluster.kill('c');
  const trapped = message({ message_id: 'trapped' });
  const first = service.post(trapped);
  await queryOnce(admin, `SELECT ${how}(${await waiting()})`);
  await eventually('its row', async () => {
    const kept = await keptMessages(cluster.urlOf('a'));
    return kept.some(({ message_id }) => message_id === 'trapped') || undefined;
  });
  assert.equal((await first).status, 503, 'the message was accepted, and no standby has it');

  const retry = service.post(trapped);
  const won = await Promise.race([retry, waiting().then(() => null)]);
  assert.equal(won, null, 'the retry was answered, and no standby has the message');
  await cluster.kill('a');
  assert.equal((await retry).status, 503);

  await cluster.nodes.b.start();
  await cluster.nodes.c.start();
  await cluster.promote('c');
  assert.equal((await keptMessages(cluster.urlOf('c'))).length, 1);
  await eventually('the primary', async () =>
    (await service.post(trapped)).status === 200 ? true : undefined,
  );
  assert.equal((await keptMessages(cluster.urlOf('c'))).length, 2);
}
