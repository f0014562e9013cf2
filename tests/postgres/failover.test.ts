// A quorum cluster of three that fails over: the service follows the primary, and what it acknowledged is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { queryOnce } from '../support/postgres.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import { Service } from '../support/service.ts';
import { killRounds } from './kill-rounds.ts';
import { startReplica } from './replicas.ts';
import { assertNotTrapped } from './replication-trap.ts';

describe('a quorum cluster', () => {
  it('loses and doubles nothing under load, whoever is killed, and streams go on', async (t) => {
    const deaths = ['replica', 'primary', 'database', 'primary'] as const;
    const figures = await killRounds(t, deaths, { prefix: 'short', loadMsMax: 500 });
    t.diagnostic(JSON.stringify(figures));
  });

  for (const how of ['pg_terminate_backend', 'pg_cancel_backend'] as const)
    it(`does not acknowledge a message that no standby has, also when its row is there (${how})`, async (t) => {
      await assertNotTrapped(t, how);
    });

  it('without standbys refuses posts; reads and the work behind the commit go on, and wait for none', async (t) => {
    const cluster = await postgresCluster(t);
    const service = await startReplica(t, cluster.url);
    await service.store(message());
    await cluster.kill('b');
    await cluster.kill('c');
    const post = service.post(message());
    // A lease that waited for a standby would not be renewed, and leave more and more processes waiting for its row.
    const until = async (): Promise<unknown> =>
      (await queryOnce(cluster.urlOf('a'), 'SELECT until::text FROM leases'))[0]?.['until'];
    for (let renewed = 0; renewed < 2; renewed += 1) {
      const before = await until();
      await eventually('the lease to be renewed', async () =>
        (await until()) === before ? undefined : true,
      );
    }
    assert.equal((await service.page('?limit=1')).total, 1);
    assert.equal((await post).status, 503);
    await cluster.nodes.b.start();
    await eventually('a post to be accepted', async () =>
      (await service.post(message())).status === 200 ? true : undefined,
    );
  });

  it('has a standby that a service waits for at its start, until it is the primary', async (t) => {
    const cluster = await postgresCluster(t);
    await (await startReplica(t, cluster.url)).store(message());
    const service = new Service(t, { env: { DATABASE_URL: cluster.urlOf('b') } });
    await service.output.line('that it waits', ({ event }) => event === 'waiting_for_database');
    await cluster.kill('a');
    await cluster.promote('b');
    await service.listening();
    assert.equal((await service.page()).total, 1);
  });
});
