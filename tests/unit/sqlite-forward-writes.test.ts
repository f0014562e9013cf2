// Changes of destinations share the commits of items, and succeed or fail with them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../app/storage/store.ts';
import { ServiceLock } from '../../app/storage/sqlite/file/service-lock.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { message } from '../contract/engine.ts';
import { NAME, change } from '../contract/forward-changes.ts';
import { holdWriteLock, query } from '../support/database.ts';
import { databasePath, openStore, retried } from './sqlite-forwards.ts';

const PAGE_SIZE_AT = 8;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** Transactions in the write-ahead log of a database; it must not have restarted. */
function transactionsOf(path: string): number {
  const wal = readFileSync(`${path}-wal`);
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(PAGE_SIZE_AT);
  let transactions = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes)
    if (wal.readUInt32BE(at + 4) !== 0) transactions += 1;
  return transactions;
}

/** Has the writer wait for a lock with an item, and gives it another item and a change meanwhile. */
async function commitTogether(store: Store) {
  const first = store.append([message()]);
  await sleep(100);
  const second = store.append([message()]);
  const recorded = store.forwards.record(NAME, change(1, { put: [retried(1)] }));
  // Both have to be with the writer before it goes on.
  await sleep(100);
  return { first, second, recorded };
}

describe('a change of a destination in SQLite', () => {
  it('is committed with the items that wait', async (t) => {
    const path = databasePath(t);
    const store = await openStore(t, path);
    await store.forwards.open(NAME, 'item', 'beginning');
    const before = transactionsOf(path);
    const release = await holdWriteLock(t, path);
    const { first, second, recorded } = await commitTogether(store);
    await release();
    assert.deepEqual([await first, await second, await recorded], [['created'], ['created'], true]);
    const transactions = transactionsOf(path) - before;
    assert.ok(transactions < 3, `${transactions} transactions`);
  });

  it('is not stored where the batch cannot be, and can be recorded again', async (t) => {
    const path = databasePath(t);
    const store = await openStore(t, path);
    await store.forwards.open(NAME, 'item', 'beginning');
    const release = await holdWriteLock(t, path);
    const { first, second, recorded } = await commitTogether(store);
    await assert.rejects(recorded, { name: 'StoreUnavailable', reason: 'locked' });
    const locked = { unavailable: 'locked' };
    assert.deepEqual([await first, await second], [locked, locked]);
    await release();
    const [status] = await store.forwards.statuses();
    assert.deepEqual([status?.position, status?.retrying, status?.lastSeq], [0, 0, 0]);
    assert.equal(await store.forwards.record(NAME, change(0, { put: [retried(1)] })), true);
    assert.equal((await store.forwards.statuses())[0]?.retrying, 1);
  });

  it('that fails by itself changes nothing, and keeps no item from being stored', (t) => {
    const path = databasePath(t);
    const writer = new Writer(path, ServiceLock.forService(path));
    t.after(() => writer.close());
    const opened = { kind: 'open', name: NAME, mode: 'item', start: 'now', nowMs: 1 } as const;
    writer.commit([], [opened]);
    // No caller makes such a row: it stands for any fault of a change.
    const broken = retried(2, { attempts: null as unknown as number });
    const { appended, outcomes } = writer.commit(
      [message()],
      [
        { kind: 'record', name: NAME, change: change(0, { put: [retried(1), broken] }) },
        { kind: 'record', name: NAME, change: change(0, { put: [retried(3)] }) },
      ],
    );
    assert.equal(appended.failure, null);
    assert.deepEqual(outcomes, [{ failure: 'other' }, { result: true }]);
    assert.deepEqual(
      query(path, 'SELECT seq FROM forward_items').map(({ seq }) => seq),
      [3],
    );
    assert.equal(query(path, 'SELECT * FROM messages').length, 1);
  });

  it('of a thousand dead letters and more is made step by step', async (t) => {
    const store = await openStore(t, databasePath(t));
    const { forwards } = store;
    await forwards.open(NAME, 'item', 'beginning');
    const rows = Array.from({ length: 1_300 }, (_, place) =>
      retried(place + 1, { state: 'dead', dueMs: null, conversation: `talk ${place % 3}` }),
    );
    await forwards.record(NAME, change(0, { put: rows }));
    assert.equal(await forwards.retry(NAME, 'all', 7), 1_300);
    const [status] = await forwards.statuses();
    assert.deepEqual([status?.retrying, status?.waiting, status?.dead], [3, 1_297, 0]);
    const { rows: due } = await forwards.due(NAME, 7, 10);
    assert.deepEqual(
      due.map(({ seq }) => seq),
      [1, 2, 3],
    );
    // A destination that is not configured any more goes with all its rows.
    await forwards.open('other', 'item', 'beginning');
    await forwards.record('other', change(0, { put: rows }));
    await forwards.forget(Date.now() + 1_000);
    assert.deepEqual(
      (await forwards.statuses()).map(({ name }) => name),
      [NAME],
    );
    assert.deepEqual(
      (await forwards.unfinishedOf(1)).map(({ name }) => name),
      [NAME],
    );
  });
});
