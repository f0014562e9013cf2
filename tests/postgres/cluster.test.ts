// A cluster of PostgreSQL acknowledges what a standby has too, waits while there is none, and loses nothing when it fails over.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import { queryOnce } from '../support/postgres.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import { connectTo } from './client.ts';

describe('a cluster of three', () => {
  it('loses nothing that it acknowledged, over two failovers', async (t) => {
    const cluster = await postgresCluster(t);
    await queryOnce(cluster.urlOf('a'), 'CREATE TABLE kept (id int)');
    const stored = async (): Promise<unknown[]> =>
      (await queryOnce(cluster.urlOf(cluster.primary), 'SELECT id FROM kept ORDER BY id')).map(
        ({ id }) => id,
      );
    const store = async (id: number): Promise<void> => {
      await queryOnce(cluster.urlOf(cluster.primary), `INSERT INTO kept VALUES (${id})`);
    };
    await store(1);
    await cluster.failOver();
    assert.notEqual(cluster.primary, 'a');
    await store(2);
    assert.deepEqual(await stored(), [1, 2]);
    await cluster.rejoin('a');
    await cluster.complete();
    await store(3);
    await cluster.failOver();
    assert.deepEqual(await stored(), [1, 2, 3]);
  });

  it('has a primary that writes, and standbys that only read', async (t) => {
    const cluster = await postgresCluster(t);
    assert.equal(new URL(cluster.urlOf('a')).protocol, 'postgres:');
    await queryOnce(cluster.urlOf('a'), 'CREATE TABLE kept (id int)');
    for (const name of cluster.standbys)
      await eventually(`the table on ${name}`, async () => {
        const [row] = await queryOnce(cluster.urlOf(name), "SELECT to_regclass('kept') AS name");
        return row?.['name'] === 'kept' || undefined;
      });
    await assert.rejects(queryOnce(cluster.urlOf('b'), 'INSERT INTO kept VALUES (1)'), {
      code: '25006',
    });
  });

  it('acknowledges nothing while both standbys are away, and goes on when one is back', async (t) => {
    const cluster = await postgresCluster(t);
    const client = await connectTo(t, cluster.urlOf('a'));
    await client.query('CREATE TABLE kept (id int)');
    await cluster.kill('b');
    await client.query('INSERT INTO kept VALUES (1)');
    await cluster.kill('c');
    const waiting = client.query('INSERT INTO kept VALUES (2)').then(() => 'committed');
    assert.equal(await Promise.race([waiting, sleep(500, 'waiting')]), 'waiting');
    await cluster.nodes.c.start();
    assert.equal(await waiting, 'committed');
  });
});
