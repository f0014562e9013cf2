// The append of PostgreSQL: exactly once and in order over several stores, at every isolation; and never ahead of the standbys.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../app/model/message.ts';
import type { Store } from '../../app/storage/store.ts';
import { append, idsOf, messages, stream } from '../contract/engine.ts';
import { bounded, during, eventually } from '../support/bounded.ts';
import { queryOnce } from '../support/postgres.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { ISOLATIONS, database, openAt } from './postgres-stores.ts';

describe('the append of PostgreSQL', () => {
  for (const isolation of ISOLATIONS)
    it(`creates each id once, in one order that all stores see, at ${isolation}`, async (t) => {
      const { url, opened } = await database(t);
      // Together, on a database without a schema.
      opened.push(...(await Promise.all([1, 2, 3, 4].map(() => openAt(url, isolation)))));
      const contested = messages(150);
      const created: Message[] = [];
      const seen: string[] = [];
      let last = 0;
      const follow = async (): Promise<void> => {
        const { entries, more, lastSeq } = await (opened[3] as Store).after(last, 20);
        for (const { seq, json } of entries) {
          assert.ok(seq > last);
          last = seq;
          seen.push((JSON.parse(json) as Message).message_id);
        }
        if (!more) assert.equal(last, lastSeq);
      };
      const sends = opened.map(async (store, place) => {
        const own = messages(150);
        for (const [at, each] of contested.entries()) {
          const group = place % 2 === 0 ? [each, own[at] ?? each] : [own[at] ?? each, each];
          const outcomes = await append(store, ...group);
          created.push(...group.filter((_, index) => outcomes[index] === 'created'));
        }
      });
      await during(Promise.all(sends), follow);
      while (seen.length < 750) await follow();
      assert.equal(created.length, 750);
      assert.equal(new Set(idsOf(created)).size, 750);
      assert.deepEqual(seen.toSorted(), idsOf(created).toSorted());
      const orders = await Promise.all(opened.map((store) => stream(store)));
      for (const order of orders)
        assert.deepEqual(
          order.map((entry) => entry.message.message_id),
          seen,
        );
    });

  it('takes nothing for stored that the standbys lack, also when the commit was cut off', async (t) => {
    const cluster = await postgresCluster(t);
    const store = await openAt(cluster.url);
    t.after(() => store.close());
    const [early, late] = messages(2);
    assert.ok(early && late);
    await append(store, early);
    await cluster.kill('b');
    await cluster.kill('c');
    const first = store.append([late]);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    const [stuck] = await eventually('the commit to wait', async () => {
      const rows = await queryOnce(cluster.nodes.a.url('postgres'), waiting);
      return rows.length > 0 ? rows : undefined;
    });
    // It ends; what it committed stays on the primary alone, and can be seen there.
    await queryOnce(
      cluster.nodes.a.url('postgres'),
      `SELECT pg_terminate_backend(${String(stuck?.['pid'])})`,
    );
    assert.ok('unavailable' in (await bounded(first, () => 'the end of the first append')));
    const again = store.append([late]).then((outcomes) => JSON.stringify(outcomes));
    assert.equal(await Promise.race([again, sleep(1_500, 'waits')]), 'waits');
    await cluster.nodes.c.start();
    assert.equal(await bounded(again, () => 'the second append'), '["duplicate"]');
    await cluster.failOver();
    const found = await eventually('the store to find the new primary', async () => {
      try {
        return await stream(store);
      } catch {
        return undefined;
      }
    });
    assert.deepEqual(
      found.map((entry) => entry.message),
      [early, late],
    );
  });

  it('opens no more connections for those that are stuck in a commit', async (t) => {
    const cluster = await postgresCluster(t);
    const proxy = await startTcpProxy(t, cluster.nodes.a.port);
    const url = new URL(cluster.urlOf('a'));
    url.port = String(proxy.port);
    const store = await openAt(url.href);
    t.after(() => store.close());
    await append(store, ...messages(1));
    await cluster.kill('b');
    await cluster.kill('c');
    const count = `SELECT count(*)::int AS stuck FROM pg_stat_activity WHERE wait_event IN ('SyncRep', 'transactionid', 'tuple')`;
    const stuck = async (): Promise<unknown> =>
      (await queryOnce(cluster.nodes.a.url('postgres'), count))[0]?.['stuck'];
    const outcomes: unknown[] = [];
    for (let round = 0; round < 6; round += 1) {
      const [one] = messages(1);
      assert.ok(one);
      const appended = store.append([one]).then((outcome) => outcomes.push(outcome));
      await sleep(200);
      proxy.cut();
      await bounded(appended, () => `append ${round}`);
    }
    assert.ok(Number(await stuck()) <= 2, `${String(await stuck())} are stuck`);
    for (const outcome of outcomes) assert.ok('unavailable' in (outcome as object));
    await cluster.nodes.c.start();
    await eventually('appends to go on', async () => {
      const outcome = await store.append(messages(1));
      return 'unavailable' in outcome ? undefined : true;
    });
  });
});
