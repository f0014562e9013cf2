// A quorum cluster of three that fails over: the service follows the primary, and what it acknowledged is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import { assertCounted, assertKept, assertStreamed } from './kept.ts';
import { Provider } from './provider.ts';
import { startReplica, startReplicas } from './replicas.ts';
import { assertNotTrapped } from './replication-trap.ts';
import { StreamReader } from './stream-reader.ts';

const MESSAGES = 200;

describe('a quorum cluster', () => {
  it('fails over twice under load: nothing is lost or doubled, and streams go on', async (t) => {
    const cluster = await postgresCluster(t);
    const services = await startReplicas(t, cluster.url, 2);
    const ports = services.map(({ port }) => port);
    const readers = ports.map((port) => new StreamReader(t, () => port));
    const provider = new Provider({ ports: () => ports, prefix: 'failover' });
    const more = async (): Promise<void> => {
      const before = provider.acknowledged.size;
      await eventually(
        'messages',
        () => provider.acknowledged.size > before + MESSAGES || undefined,
      );
    };
    for (let failover = 0; failover < 2; failover += 1) {
      await more();
      const old = cluster.primary;
      await cluster.failOver();
      await more();
      await cluster.rejoin(old);
      await cluster.complete();
    }
    await provider.stop();
    const url = cluster.urlOf(cluster.primary);
    const kept = await assertKept(url, provider.acknowledged, () => false);
    for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
    for (const service of services) await assertCounted(service, kept);
  });

  it('does not acknowledge a message that no standby has, also when its row is there', async (t) => {
    await assertNotTrapped(t);
  });

  it('has a standby that a service waits for at its start, until it is the primary', async (t) => {
    const cluster = await postgresCluster(t);
    await (await startReplica(t, cluster.url)).store(message());
    const starting = startReplica(t, cluster.urlOf('b'));
    const early = await Promise.race([
      starting.then(() => 'started'),
      cluster.kill('a').then(() => 'waiting'),
    ]);
    assert.equal(early, 'waiting');
    await cluster.promote('b');
    assert.equal((await (await starting).page()).total, 1);
  });
});
