// Items of named sources on PostgreSQL: posts that overlap, sent to several replicas at once, and removed meanwhile, at every isolation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPostgresUrl } from '../../app/config/postgres-url.ts';
import { CONFLICTS_MAX, type Item } from '../../app/model/item.ts';
import { Connector } from '../../app/storage/postgres/database/connect.ts';
import { inTransaction } from '../../app/storage/postgres/database/transaction.ts';
import { removeItems } from '../../app/storage/postgres/index/removal.ts';
import type { Store } from '../../app/storage/store.ts';
import { append } from '../contract/engine.ts';
import { delivery, eventItem, messageItem } from '../contract/items.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { queryOnce } from '../support/postgres.ts';
import { ISOLATIONS, type Isolation, database, openAt } from './postgres-stores.ts';

const NEVER_SECONDS = 99_999_999_999;

interface Replicas {
  readonly url: string;
  readonly stores: readonly [Store, Store, Store];
}

async function replicas(t: Cleaner, isolation: Isolation): Promise<Replicas> {
  const { url, opened } = await database(t);
  const open = async (): Promise<Store> => {
    const store = await openAt(url, isolation);
    opened.push(store);
    return store;
  };
  return { url, stores: [await open(), await open(), await open()] };
}

/** One post with a message and an event for each number. */
function post(numbers: readonly number[], text = 'same'): Item[] {
  const of = delivery('chat', { body: Buffer.from(numbers.join()) });
  return numbers.flatMap((number) => [
    messageItem(of, `m${number}`, { text }),
    eventItem(of, `e${number}`, { subject: `chat:m${number}`, payload: JSON.stringify(text) }),
  ]);
}

function idOf(item: Item): string {
  return 'event_id' in item ? item.event_id : item.message_id;
}

interface Shown {
  readonly seq: number;
  readonly delivery: number;
  readonly conflicts: readonly { readonly event_id: string; readonly delivery: number }[];
}

async function shown(store: Store, messageId: string): Promise<Shown> {
  const json = await store.message(messageId);
  assert.ok(json, messageId);
  return JSON.parse(Buffer.from(json).toString()) as Shown;
}

async function streamed(store: Store): Promise<string[]> {
  const { entries } = await store.after(0, 1_000, 'items');
  return entries.map(({ json }) => {
    const { message_id, event_id } = JSON.parse(json) as Record<string, string>;
    return message_id ?? event_id ?? '';
  });
}

for (const isolation of ISOLATIONS)
  describe(`items of named sources on PostgreSQL, at ${isolation}`, () => {
    it('are stored once by replicas that race with posts that overlap, each with a post that has it', async (t) => {
      const { stores } = await replicas(t, isolation);
      const created: string[] = [];
      const send = async (store: Store, start: number): Promise<void> => {
        for (let first = start; first < start + 45; first += 3) {
          const items = post([first, first + 1, first + 2, first + 3]);
          const outcomes = await append(store, ...items);
          assert.ok(!outcomes.includes('conflict'));
          created.push(...items.filter((_, at) => outcomes[at] === 'created').map(idOf));
        }
      };
      await Promise.all(stores.map(send));
      const all = Array.from({ length: 48 }, (_, number) => [`chat:m${number}`, `chat:e${number}`]);
      assert.deepEqual(created.toSorted(), all.flat().toSorted());
      assert.deepEqual((await streamed(stores[1])).toSorted(), created.toSorted());
      for (let number = 0; number < 48; number += 1) {
        const message = await shown(stores[0], `chat:m${number}`);
        const stored = await stores[2].delivery(message.delivery);
        assert.ok(message.delivery <= message.seq);
        const numbers = Buffer.from(stored?.body ?? [])
          .toString()
          .split(',');
        assert.ok(numbers.includes(String(number)), numbers.join());
      }
    });

    it(`keep ${CONFLICTS_MAX} contents of an id, each once, however many replicas come with them`, async (t) => {
      const { stores } = await replicas(t, isolation);
      await append(stores[0], ...post([1]));
      const send = async (store: Store): Promise<void> => {
        for (let version = 0; version < CONFLICTS_MAX + 4; version += 1)
          assert.deepEqual(await append(store, ...post([1], `other ${version}`)), [
            'conflict',
            'conflict',
          ]);
      };
      await Promise.all(stores.map(send));
      const { conflicts } = await shown(stores[1], 'chat:m1');
      assert.equal(new Set(conflicts.map(({ event_id }) => event_id)).size, CONFLICTS_MAX);
      assert.equal(conflicts.length, CONFLICTS_MAX);
      for (const conflict of conflicts)
        assert.notEqual(await stores[2].delivery(conflict.delivery), null);
    });

    it('do not come back, nor other content of them, when they are removed meanwhile', async (t) => {
      const { url, stores } = await replicas(t, isolation);
      const [message, event] = post([1]) as [Item, Item];
      await append(stores[0], message, event);
      const session = await new Connector(readPostgresUrl('DATABASE_URL', url)).connect(60_000);
      const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO messages%'`;
      const removal = {
        messages: [Buffer.from(idOf(message))],
        events: [Buffer.from(idOf(event))],
        beforeSeconds: NEVER_SECONDS,
      };
      try {
        const { outcomes } = await inTransaction(
          session,
          async () => {
            const removed = await removeItems(session, removal);
            assert.deepEqual(removed, { messages: 1, events: 1, deliveries: 1 });
            const sent = [
              append(stores[1], ...post([1])),
              append(stores[2], ...post([1], 'other')),
            ];
            await eventually('both to wait', async () => {
              const [row] = await queryOnce(url, waiting);
              return row?.['waiting'] === 2 || undefined;
            });
            return { outcomes: Promise.all(sent) };
          },
          'READ COMMITTED',
        );
        const both = ['duplicate', 'duplicate'];
        assert.deepEqual(await outcomes, [both, both]);
        assert.deepEqual(await streamed(stores[0]), []);
        assert.deepEqual(await stores[0].sources(), []);
      } finally {
        await session.end();
      }
    });
  });
