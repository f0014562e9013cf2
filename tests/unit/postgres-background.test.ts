// What one of several stores over a PostgreSQL database does for all: it is taken over when that one is gone, and removes what is too old.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import type { PruneRun, Store } from '../../app/storage/store.ts';
import { append, create, idsOf, list, messages, stream } from '../contract/engine.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { silent } from './stores.ts';

async function backlogsOf(store: Store): Promise<(number | undefined)[]> {
  const gauges = await store.readGauges();
  return ['list', 'search'].map((name) => gauges?.get(`oncebox_${name}_backlog_messages`));
}

async function settled(store: Store): Promise<void> {
  await eventually('lists and search to follow', async () =>
    (await backlogsOf(store)).every((backlog) => backlog === 0) ? true : undefined,
  );
}

/** The URL of a database that is dropped after the stores are closed. */
async function database(t: Cleaner, stores: readonly Store[]): Promise<string> {
  return await postgresDatabase({
    after: (drop) =>
      t.after(async () => {
        await Promise.all(stores.map((store) => store.close()));
        await drop();
      }),
  });
}

const OPTIONS = { queueMessagesMax: 10_000, retentionDays: null, forwards: [], readerThreads: 2 };

describe('the background work of PostgreSQL', () => {
  it('is taken over from a store that is gone, and from one that closes', async (t) => {
    const stores: Store[] = [];
    const url = await database(t, stores);
    const location = readPostgresUrl('DATABASE_URL', url);
    const proxy = await startTcpProxy(t, Number(new URL(url).port));
    const proxied = { ...location, hosts: [{ host: '127.0.0.1', port: proxy.port }] };
    const first = await PostgresStore.open(proxied, OPTIONS, silent);
    stores.push(first);
    await create(first, messages(70));
    await settled(first);

    const second = await PostgresStore.open(location, OPTIONS, silent);
    const third = await PostgresStore.open(location, OPTIONS, silent);
    stores.push(second, third);
    proxy.refuse();
    await create(second, messages(70));
    assert.notDeepEqual(await backlogsOf(second), [0, 0]);
    assert.equal((await list(second, { text: 'hello' })).total, 140);
    await settled(second);
    assert.ok('unavailable' in (await first.append(messages(1))));
    assert.equal((await first.check()).reason, 'database');

    proxy.allow();
    await eventually('the first store to recover', async () =>
      'unavailable' in (await first.append(messages(1))) ? undefined : true,
    );
    assert.equal((await first.check()).reason, null);
    await second.close();
    await create(third, messages(10));
    await settled(third);
    const { total } = await list(third);
    assert.equal(total, (await list(first)).total);
  });

  it('removes what is past the days to keep, from everything, and knows its ids', async (t) => {
    const stores: Store[] = [];
    const url = await database(t, stores);
    const location = readPostgresUrl('DATABASE_URL', url);
    const filled = await PostgresStore.open(location, OPTIONS, silent);
    const recent = new Date().toISOString().replace(/\.\d+/, '');
    const [old, fresh] = [messages(700), messages(30, { ts: recent })];
    await create(filled, [...old.slice(0, 350), ...fresh, ...old.slice(350)]);
    await settled(filled);
    const before = await stream(filled);
    await filled.close();

    const runs: PruneRun[] = [];
    let pruned = 0;
    const observer = {
      ...silent,
      pruned: (count: number) => (pruned += count),
      pruneRun: (run: PruneRun) => runs.push(run),
    };
    const store = await PostgresStore.open(location, { ...OPTIONS, retentionDays: 30 }, observer);
    stores.push(store);
    await eventually('retention', () => (runs.length > 0 ? true : undefined));
    assert.deepEqual([pruned, runs[0]?.messages, runs[0]?.failure], [700, 700, null]);
    for (const filter of [{}, { text: 'hello' }, { from: '+15550100' }]) {
      const { data, total } = await list(store, filter);
      assert.deepEqual(idsOf(data).toSorted(), idsOf(fresh).toSorted());
      assert.equal(total, 30);
    }
    assert.equal((await store.stats()).total_messages, 30);
    const after = await stream(store);
    assert.deepEqual(
      after,
      before.filter(({ message }) => message.ts === recent),
    );
    assert.equal((await store.after(0, 0)).lastSeq, before.at(-1)?.seq);
    assert.deepEqual(
      await append(store, ...old),
      old.map(() => 'duplicate'),
    );
    assert.equal((await list(store)).total, 30);
    const [next] = messages(1);
    assert.ok(next);
    await create(store, [next]);
    assert.ok(((await stream(store)).at(-1)?.seq ?? 0) > (before.at(-1)?.seq ?? 0));
  });
});
