// A quorum cluster of three that fails over: the service follows the primary, and what it acknowledged is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { message } from '../support/message.ts';
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

  it('does not acknowledge a message that no standby has, also when its row is there', async (t) => {
    await assertNotTrapped(t);
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
