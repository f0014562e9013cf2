// Retention keeps what a destination has not finished; what is removed takes its rows along.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Item } from '../../app/model/item.ts';
import { openAdmin } from '../../app/storage/open.ts';
import type { ForwardChange } from '../../app/storage/store.ts';
import type { ForwardMode } from '../../app/model/forward.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { message } from '../contract/engine.ts';
import { delivery, eventItem, messageItem } from '../contract/items.ts';
import { NAME, change, waiting } from '../contract/forward-changes.ts';
import { eventually } from '../support/bounded.ts';
import { query } from '../support/database.ts';
import { databasePath, openStore, retried } from './sqlite-forwards.ts';
import { silent } from './stores.ts';

const DAYS = 30;
const NEVER = new AbortController().signal;

/** An instant so many days ago. */
function daysAgo(days: number): string {
  return `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)}Z`;
}

/** Stores items, records the change, and has retention run once. Returns the numbers of the items that are left. */
async function leftOf(
  t: TestContext,
  items: readonly (readonly Item[])[],
  mode: ForwardMode,
  recorded: ForwardChange,
  configured: readonly string[] = [NAME],
): Promise<number[]> {
  const path = databasePath(t);
  const filled = await openStore(t, path);
  await filled.forwards.open(NAME, mode, 'beginning');
  for (const group of items) await filled.append(group);
  await filled.forwards.record(NAME, recorded);
  await filled.close();
  let ended = false;
  const options = { path, queueMessagesMax: 100, readerThreads: 1, retentionDays: DAYS };
  const store = await SqliteStore.open(
    { ...options, forwards: configured },
    {
      ...silent,
      pruneRun: ({ failure }) => {
        assert.equal(failure, null);
        ended = true;
      },
    },
  );
  t.after(() => store.close());
  await eventually('the end of the run', () => ended || undefined);
  return query(path, 'SELECT seq FROM messages UNION ALL SELECT seq FROM events ORDER BY 1').map(
    ({ seq }) => Number(seq),
  );
}

/** Items of one post each, of the ages in days: messages and events in turn. */
function posts(ages: readonly number[]): Item[][] {
  return ages.map((age, place) => {
    const ts = daysAgo(age);
    const of = delivery();
    const item = place % 2 === 0 ? messageItem : eventItem;
    return [item(of, `r${place}`, { ts })];
  });
}

describe('retention beside forwarding in SQLite', () => {
  it('keeps items after the position, and those that have rows, until they are twice as old', async (t) => {
    const ages = [70, 70, 40, 40, 40, 40, 40, 40, 10];
    const dead = retried(4, { state: 'dead', dueMs: null });
    // 7 is finished out of order; 6 and 8 are not.
    const recorded = change(5, { put: [retried(1), retried(3), dead], finished: [7] });
    assert.deepEqual(await leftOf(t, posts(ages), 'item', recorded), [3, 4, 6, 8, 9]);
  });

  it('keeps every item of a delivery that is not finished in mode raw', async (t) => {
    const ts = daysAgo(40);
    const items = [delivery(), delivery(), delivery()].map((of, place) => [
      messageItem(of, `m${place}`, { ts }),
      eventItem(of, `e${place}`, { ts }),
    ]);
    // The deliveries have the numbers 1, 3 and 5.
    assert.deepEqual(await leftOf(t, items, 'raw', change(4, { put: [retried(1)] })), [1, 2, 5, 6]);
  });

  it('keeps nothing for a destination that is not configured', async (t) => {
    const recorded = change(0, { put: [retried(1)] });
    assert.deepEqual(await leftOf(t, posts([40, 40, 10]), 'item', recorded, []), [3]);
  });

  it('keeps a message about which a conflict is not forwarded', async (t) => {
    const ts = daysAgo(40);
    const items = ['a', 'b'].map((text) => [messageItem(delivery(), 'one', { ts, text })]);
    assert.deepEqual(await leftOf(t, items, 'item', change(1)), [1, 2]);
  });
});

describe('a prune beside forwarding in SQLite', () => {
  it('takes the rows of a sender along, without a trace, and what waited behind them is due', async (t) => {
    const path = databasePath(t);
    const store = await openStore(t, path);
    const { forwards } = store;
    const [sender, other] = ['+15550777123', '+15550100'];
    await store.append([
      message({ from: sender }),
      message({ from: sender }),
      message({ from: other }),
    ]);
    await forwards.open(NAME, 'item', 'beginning');
    const talk = `default ${sender}`;
    const put = [retried(1, { conversation: talk }), waiting(2, talk), waiting(3, '*')];
    await forwards.record(NAME, change(3, { put: [...put, retried(4, { conversation: '*' })] }));
    await store.close();
    const admin = await openAdmin({ engine: 'sqlite', path });
    const selection = { before: null, source: null, from: sender };
    const pruned = await admin.prune(selection, { vacuum: false, signal: NEVER }, () => undefined);
    assert.equal(pruned.removed, 2);
    assert.equal(readFileSync(path).includes(sender), false);
    const again = await openStore(t, path);
    const [status] = await again.forwards.statuses();
    assert.deepEqual([status?.retrying, status?.waiting], [1, 1]);
    assert.deepEqual(await again.forwards.unfinishedOf(1), []);
  });

  it('of an entry has the next of its conversation attempted', async (t) => {
    const path = databasePath(t);
    const store = await openStore(t, path);
    await store.append([message({ ts: daysAgo(9) }), message({ ts: daysAgo(1) })]);
    await store.forwards.open(NAME, 'item', 'beginning');
    const put = [retried(1, { conversation: 'talk', dueMs: 9e12 }), waiting(2, 'talk')];
    await store.forwards.record(NAME, change(2, { put }));
    await store.close();
    const admin = await openAdmin({ engine: 'sqlite', path });
    const seconds = Math.floor(Date.now() / 1_000) - 5 * 86_400;
    const selection = { before: { seconds, nanos: 0 }, source: null, from: null };
    await admin.prune(selection, { vacuum: false, signal: NEVER }, () => undefined);
    const again = await openStore(t, path);
    const { rows } = await again.forwards.due(NAME, Date.now(), 10);
    assert.deepEqual(
      rows.map(({ seq, state }) => [seq, state]),
      [[2, 'retry']],
    );
  });
});
