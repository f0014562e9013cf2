// Several stores over one PostgreSQL database forward one at a time for a destination: who has the lease writes, and nobody else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import {
  type ForwardChange,
  type Store,
  StoreUnavailable,
  type Unfinished,
} from '../../app/storage/store.ts';
import { create, list, messages } from '../contract/engine.ts';
import { connectTo } from '../postgres/client.ts';
import { eventually } from '../support/bounded.ts';
import { endConnections, queryOnce } from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { database, openAt } from './postgres-stores.ts';
import { silent } from './stores.ts';

const NAME = 'app';
const DAY_MS = 86_400_000;
const LEASE = `WHERE name = 'forward ${NAME}'`;

function change(overrides: Partial<ForwardChange> = {}): ForwardChange {
  const nothing = { finished: [], put: [], remove: [], release: [], wakeSinceMs: null };
  return { position: 0, ...nothing, nowMs: 5, delivered: 1, ...overrides };
}

function retrying(seq: number): Unfinished {
  const tried = { attempts: 1, firstMs: 1, lastMs: 2, dueMs: 3, error: 'answered 500' };
  return { seq, state: 'retry', conversation: 'default +1', ...tried };
}

/** A store that has the lease, with some messages and a row, and another store beside it. */
async function two(t: Parameters<typeof database>[0]): Promise<{
  readonly url: string;
  readonly holder: Store;
  readonly other: Store;
}> {
  const { url, opened } = await database(t);
  const [holder, other] = [await openAt(url), await openAt(url)];
  opened.push(holder, other);
  await create(holder, messages(3));
  assert.equal(await holder.forwards.lease(NAME), true);
  await holder.forwards.open(NAME, 'item', 'beginning');
  assert.equal(await holder.forwards.record(NAME, change({ put: [retrying(1)] })), true);
  return { url, holder, other };
}

describe('the lease of a destination', () => {
  it('is of one store at a time, until that gives it back, or closes', async (t) => {
    const { holder, other } = await two(t);
    assert.equal(await other.forwards.lease(NAME), false);
    assert.equal(await other.forwards.lease('another'), true);
    assert.equal(await holder.forwards.lease(NAME), true);
    await other.forwards.release(NAME);
    assert.equal(await other.forwards.lease(NAME), false);
    await holder.forwards.release(NAME);
    assert.equal(await other.forwards.lease(NAME), true);
    assert.equal(await holder.forwards.lease(NAME), false);
    await other.close();
    assert.equal(await holder.forwards.lease(NAME), true);
  });

  it('is asked for by several stores at once, and one gets it', async (t) => {
    const { url, opened } = await database(t);
    for (let count = 0; count < 4; count += 1) opened.push(await openAt(url));
    for (let round = 0; round < 5; round += 1) {
      const asked = opened.map(({ forwards }) => forwards.lease(`round ${round}`));
      assert.equal((await Promise.all(asked)).filter(Boolean).length, 1);
    }
  });

  it('goes to another where its holder is gone, which then changes nothing any more', async (t) => {
    const { url, opened } = await database(t);
    const location = readPostgresUrl('DATABASE_URL', url);
    const proxy = await startTcpProxy(t, Number(new URL(url).port));
    const hosts = [{ host: '127.0.0.1', port: proxy.port }];
    const options = { queueMessagesMax: 100, retentionDays: null, forwards: [], readerThreads: 1 };
    const gone = await PostgresStore.open({ ...location, hosts }, options, silent);
    const other = await openAt(url);
    opened.push(gone, other);
    await create(other, messages(1));
    assert.equal(await gone.forwards.lease(NAME), true);
    await gone.forwards.open(NAME, 'item', 'beginning');
    proxy.refuse();
    await assert.rejects(gone.forwards.lease(NAME), StoreUnavailable);
    await eventually('the other store to take over', async () =>
      (await other.forwards.lease(NAME)) ? true : undefined,
    );
    proxy.allow();
    assert.equal(await gone.forwards.record(NAME, change({ position: 1 })), false);
    assert.equal((await other.forwards.open(NAME, 'item', 'now')).position, 0);
  });

  it('ends by the clock of the server, whatever the time is here', async (t) => {
    const { url, holder, other } = await two(t);
    const { now } = Date;
    Date.now = () => now() + 365 * DAY_MS;
    t.after(() => (Date.now = now));
    assert.equal(await other.forwards.lease(NAME), false);
    await queryOnce(url, `UPDATE leases SET until = now() - interval '1 ms' ${LEASE}`);
    // Until another takes it, it is its holder's.
    assert.equal(await holder.forwards.record(NAME, change()), true);
    assert.equal(await other.forwards.lease(NAME), true);
    assert.equal(await holder.forwards.lease(NAME), false);
  });

  it('keeps what others record and say out, and waits for what is being recorded', async (t) => {
    const { url, holder, other } = await two(t);
    const before = await holder.forwards.statuses();
    const late = change({ position: 3, put: [retrying(2)], remove: [1], delivered: 9 });
    assert.equal(await other.forwards.record(NAME, late), false);
    const report = { state: 'slowed', reason: null, lastError: null, lastErrorAt: null } as const;
    await other.forwards.report(NAME, { ...report, ratePerSecond: 0, at: '' });
    assert.deepEqual(await holder.forwards.statuses(), before);

    const blocker = await connectTo(t, url);
    await blocker.query(`BEGIN; SELECT 1 FROM forwards WHERE name = '${NAME}' FOR UPDATE`);
    const recording = holder.forwards.record(NAME, change({ position: 2 }));
    await eventually('the record to wait', async () => {
      const [row] = await queryOnce(
        url,
        `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM forwards%'`,
      );
      return row?.['waiting'] === 1 || undefined;
    });
    await blocker.query(`SET LOCAL lock_timeout = 100`);
    const taken = blocker.query(`UPDATE leases SET until = '-infinity' ${LEASE}`);
    await assert.rejects(taken, /lock timeout/);
    await blocker.query('ROLLBACK');
    assert.equal(await recording, true);
    assert.equal((await holder.forwards.statuses())[0]?.position, 2);
  });
});

it('a record whose connection is ended changes nothing, and can be repeated', async (t) => {
  const { url, holder } = await two(t);
  const before = await holder.forwards.statuses();
  const blocker = await connectTo(t, url);
  await blocker.query('BEGIN; SELECT 1 FROM forward_items WHERE seq = 1 FOR UPDATE');
  const next = change({ position: 2, put: [retrying(2)], remove: [1], release: ['default +1'] });
  const recording = holder.forwards.record(NAME, next);
  recording.catch(() => undefined);
  const waits = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  const pid = await eventually('the record to wait', async () => {
    const [row] = await queryOnce(url, `SELECT pid ${waits}`);
    return row?.['pid'];
  });
  await queryOnce(url, `SELECT pg_terminate_backend(${String(pid)})`);
  await assert.rejects(recording, StoreUnavailable);
  await blocker.query('ROLLBACK');
  assert.deepEqual(await holder.forwards.statuses(), before);
  assert.equal(await holder.forwards.record(NAME, next), true);
  assert.deepEqual((await holder.forwards.due(NAME, 9, 9)).rows, [retrying(2)]);
  await endConnections(url);
  await eventually('the database to be reached again', async () =>
    holder.forwards.statuses().catch(() => undefined),
  );
});

it('retention keeps what a configured destination has not finished, up to twice as long', async (t) => {
  const { url, opened } = await database(t);
  const first = await openAt(url);
  const ts = (days: number): string =>
    new Date(Date.now() - days * DAY_MS).toISOString().replace(/\.\d+/, '');
  // Removed: too old for anything, finished. Kept: with a row, a dead letter, after the position, and young.
  const all = [70, 40, 40, 40, 40, 1].map((days) => messages(1, { ts: ts(days) })).flat();
  await create(first, all);
  const numbers = (await first.forwards.entries('item', 0, 10)).entries.map(({ seq }) => seq);
  const [old = 0, , row = 0, letter = 0] = numbers;
  await first.forwards.lease(NAME);
  await first.forwards.open(NAME, 'item', 'beginning');
  const dead = { ...retrying(letter), state: 'dead' as const, dueMs: null };
  await first.forwards.record(
    NAME,
    change({ position: letter, put: [retrying(old), retrying(row), dead] }),
  );
  await first.close();
  const location = readPostgresUrl('DATABASE_URL', url);
  const options = { queueMessagesMax: 100, retentionDays: 30, readerThreads: 1 };
  const kept = async (forwards: readonly string[]): Promise<string[]> => {
    let runs = 0;
    const observer = { ...silent, pruneRun: () => (runs += 1) };
    const store = await PostgresStore.open(location, { ...options, forwards }, observer);
    opened.push(store);
    await eventually('retention', () => (runs > 0 ? true : undefined));
    const { data } = await list(store);
    await store.close();
    return data.map(({ message_id }) => message_id).toSorted();
  };
  const idsOf = (places: readonly number[]): string[] =>
    places.map((place) => all[place]?.message_id ?? '').toSorted();
  assert.deepEqual(await kept([NAME]), idsOf([2, 3, 4, 5]));
  assert.deepEqual(await kept([]), idsOf([5]));
});
