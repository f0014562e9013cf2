// A primary that is killed shows, for a moment, what no standby has: streams do not, as its number will be another item's.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mutant, mutateAlso } from '../faults/mutant.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Follower } from '../support/follower.ts';
import { message } from '../support/message.ts';
import { queryOnce } from '../support/postgres.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import { startReplica } from './replicas.ts';

/** Keeps a process of the server from noticing that the main one is killed, as a read does that is under way. */
const BUSY_MS = 1_000;
const BUSY = `DO $$ DECLARE ends timestamptz := clock_timestamp() + '${BUSY_MS} ms';
  BEGIN WHILE clock_timestamp() < ends LOOP END LOOP; END $$`;
/** What is sent together is read together: the snapshot is of the time after the pause. */
const BEGINS = 'const [, result] = await settled([session.run(begin), work()]);';

/** Returns a service whose reads are slow to begin. */
function slow(t: Cleaner): string {
  const pause = `void session.run(\`${BUSY}\`).catch(() => undefined);`;
  return mutant(t, 'storage/postgres/database/transaction.ts', BEGINS, `${pause}\n${BEGINS}`);
}

/** Kills the primary while a commit waits for standbys and a stream reads. Returns the stream, which has shown what is replicated. */
async function followedToDeath(t: Cleaner, main: string): Promise<Follower> {
  const cluster = await postgresCluster(t);
  const admin = cluster.urlOf('a', 'postgres');
  const running = (condition: string): Promise<unknown> =>
    eventually(condition, async () => {
      const [row] = await queryOnce(admin, `SELECT 1 FROM pg_stat_activity WHERE ${condition}`);
      return row;
    });
  const writer = await startReplica(t, cluster.url);
  const reader = await startReplica(t, cluster.url, { main });
  await writer.store(message({ message_id: 'replicated' }));
  const follower = new Follower(t, reader.port, '?after=0');
  await eventually('the first message', () => follower.events.length > 0 || undefined);
  await cluster.kill('b');
  await cluster.kill('c');
  const waiting = writer.post(message({ message_id: 'not replicated' }));
  await running("wait_event = 'SyncRep'");
  const age = 'clock_timestamp() - query_start';
  await running(`state = 'active' AND query LIKE 'DO $$ DECLARE ends%' AND ${age} < '0.5 s'`);
  await cluster.kill('a');
  assert.equal((await waiting).status, 503);
  return follower;
}

const idsOf = ({ events }: Follower): string[] => events.map(({ data }) => data.message_id);

it('a stream shows nothing that a killed primary alone has', async (t) => {
  const follower = await followedToDeath(t, slow(t));
  // The read has ended by then.
  await sleep(2 * BUSY_MS);
  assert.deepEqual(idsOf(follower), ['replicated']);
});

it('without a wait after the read it would', async (t) => {
  const main = slow(t);
  mutateAlso(main, 'storage/postgres/read/stream.ts', '    session.run(NOTICE_DEATH),\n', '');
  const follower = await followedToDeath(t, main);
  await eventually('the other message', () => follower.events.length > 1 || undefined);
  assert.deepEqual(idsOf(follower), ['replicated', 'not replicated']);
});
