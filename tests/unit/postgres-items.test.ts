// Items of named sources on PostgreSQL: posts that overlap, sent to several replicas at once, at every isolation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFLICTS_MAX, type Delivery, type Item } from '../../app/model/item.ts';
import type { AppendOutcome } from '../../app/storage/store.ts';
import { PostgresStore } from '../../app/storage/postgres/store.ts';
import type { Store } from '../../app/storage/store.ts';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { silent } from './stores.ts';

const ISOLATIONS = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;

async function open(
  t: Cleaner,
  isolation: (typeof ISOLATIONS)[number],
  count: number,
): Promise<Store[]> {
  const opened: Store[] = [];
  const url = await postgresDatabase({
    after: (drop) =>
      t.after(async () => {
        await Promise.all(opened.map((store) => store.close()));
        await drop();
      }),
  });
  const options = { queueMessagesMax: 10_000, retentionDays: null, readerThreads: 2, isolation };
  for (let place = 0; place < count; place += 1)
    opened.push(await PostgresStore.open(readPostgresUrl('DATABASE_URL', url), options, silent));
  return opened;
}

const RECEIVED = '2025-02-01T00:00:00.000Z';

/** A post with messages and as many events, by the numbers of their ids. `version` is part of their content. */
function post(numbers: readonly number[], version = 1): Item[] {
  const delivery: Delivery = {
    source: 'chat',
    receivedAt: RECEIVED,
    headers: [['x-test', '1']],
    body: Buffer.from(JSON.stringify({ numbers, version })),
  };
  return numbers.flatMap((number): Item[] => {
    const payload = JSON.stringify({ number, version });
    const content = String(version).padStart(32, '0');
    const ts = '2025-01-15T10:00:00Z';
    return [
      {
        message_id: `chat:${number}`,
        from: '+1',
        to: '+2',
        ts,
        text: `text ${number}`,
        kind: 'text',
        payload,
        content,
        delivery,
      },
      {
        event_id: `chat:${number}:sent`,
        type: 'status',
        subject: `chat:${number}`,
        ts,
        payload,
        content,
        delivery,
      },
    ];
  });
}

async function append(store: Store, items: readonly Item[]): Promise<readonly AppendOutcome[]> {
  const outcomes = await store.append(items);
  if ('unavailable' in outcomes) assert.fail(outcomes.unavailable);
  return outcomes;
}

function json(bytes: Uint8Array | null): any {
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString());
}

describe('items of named sources on PostgreSQL', () => {
  for (const isolation of ISOLATIONS) {
    it(`are stored once, whichever replicas race for them, at ${isolation}`, async (t) => {
      const [a, b] = (await open(t, isolation, 2)) as [Store, Store];
      const created: string[] = [];
      const send = async (store: Store, from: number): Promise<void> => {
        for (let at = from; at < from + 60; at += 3) {
          const items = post([at, at + 1, at + 2, at + 3]);
          const outcomes = await append(store, items);
          for (const [index, item] of items.entries()) {
            assert.notEqual(outcomes[index], 'conflict');
            if (outcomes[index] === 'created')
              created.push('event_id' in item ? item.event_id : item.message_id);
          }
        }
      };
      await Promise.all([send(a, 0), send(b, 1)]);
      assert.equal(created.length, new Set(created).size);
      assert.equal(created.length, 2 * 62);
      const { entries } = await a.after(0, 500, 'items');
      assert.deepEqual(
        entries
          .map((entry) => json(Buffer.from(entry.json)))
          .map((e) => e.event_id ?? e.message_id)
          .toSorted(),
        created.toSorted(),
      );
      const detail = json(await a.message('chat:7'));
      assert.equal(detail.statuses.length, 1);
      const delivery = await b.delivery(detail.delivery);
      assert.ok(JSON.parse(Buffer.from(delivery?.body ?? []).toString()).numbers.includes(7));
      console.log(
        await a.sources(),
        detail,
        delivery,
        json(
          (
            await a.events({
              limit: 2,
              source: 'chat',
              type: 'status',
              subject: null,
              since: null,
              until: null,
              order: 'desc',
              cursor: null,
            })
          ).json,
        ),
      );
    });

    it(`keep at most ${CONFLICTS_MAX} contents of an id, each once, at ${isolation}`, async (t) => {
      const stores = await open(t, isolation, 3);
      await append(stores[0] as Store, post([1]));
      const versions = Array.from({ length: CONFLICTS_MAX + 8 }, (_, place) => place + 2);
      await Promise.all(
        stores.map(async (store) => {
          for (const version of versions)
            assert.deepEqual(await append(store, post([1], version)), ['conflict', 'conflict']);
        }),
      );
      const detail = json(await (stores[0] as Store).message('chat:1'));
      assert.equal(detail.conflicts.length, CONFLICTS_MAX);
      const contents = new Set(detail.conflicts.map((c: any) => c.event_id));
      assert.equal(contents.size, CONFLICTS_MAX);
      console.log(await (stores[0] as Store).sources());
    });
  }
});
