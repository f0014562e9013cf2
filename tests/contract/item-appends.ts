// What a store promises of appended items of named sources: each once with its post, other content as a conflict, all or none.
import assert from 'node:assert/strict';
import type { Item } from '../../app/model/item.ts';
import type { Store } from '../../app/storage/store.ts';
import { bounded } from '../support/bounded.ts';
import { assertStreamAgrees, soonAndSettled } from './agreement.ts';
import { type Clause, type Engine, append, create, list, message } from './engine.ts';
import { assertItemsAgree, listEvents } from './item-agreement.ts';
import { delivery, eventItem, messageItem } from './items.ts';
import { MemoryStore } from './oracle.ts';

const INVALID = { ts: 'yesterday' };

/** A store and the one in memory, which are given the same. */
async function pairOf(engine: Engine): Promise<{
  store: Store;
  oracle: MemoryStore;
  both: (...items: Item[]) => Promise<readonly string[]>;
}> {
  const store = await engine.open();
  const oracle = new MemoryStore();
  const both = async (...items: Item[]): Promise<readonly string[]> => {
    const outcomes = await append(store, ...items);
    assert.deepEqual(outcomes, await append(oracle, ...items));
    return outcomes;
  };
  return { store, oracle, both };
}

/** Posts of two sources with items of both kinds, and a message of the default source between them. */
function posts(): Item[] {
  const [chat, shop] = [delivery('chat'), delivery('shop')];
  return [
    messageItem(chat, '1', { text: 'Hello' }),
    eventItem(chat, '1:read', { subject: 'chat:1' }),
    message(),
    eventItem(shop, 'order', { type: 'order' }),
    messageItem(shop, '1', { kind: 'image' }),
  ];
}

async function lastSeqOf(store: Store): Promise<number> {
  return (await store.after(0, 0)).lastSeq;
}

export const ITEM_APPENDS: readonly Clause[] = [
  {
    name: 'creates the items of a post once: the same content in another post is a duplicate, and that post is not stored',
    holds: async (engine) => {
      const { store, oracle, both } = await pairOf(engine);
      const [first, again] = [delivery(), delivery()];
      const itemsOf = (post: typeof first): Item[] => [
        messageItem(post, 'm'),
        eventItem(post, 'm:read'),
      ];
      assert.deepEqual(await both(...itemsOf(first)), ['created', 'created']);
      const last = await lastSeqOf(store);
      assert.deepEqual(await both(...itemsOf(again)), ['duplicate', 'duplicate']);
      assert.equal(await lastSeqOf(store), last);
      assert.deepEqual(await both(...itemsOf(again), eventItem(again, 'm:failed')), [
        'duplicate',
        'duplicate',
        'created',
      ]);
      const [counts] = await store.sources();
      assert.deepEqual([counts?.messages, counts?.events, counts?.deliveries], [1, 2, 2]);
      await assertItemsAgree(store, oracle);
    },
  },
  {
    name: 'has messages and events under ids of their own',
    holds: async (engine) => {
      const { store, oracle, both } = await pairOf(engine);
      const post = delivery();
      assert.deepEqual(await both(messageItem(post, 'same'), eventItem(post, 'same')), [
        'created',
        'created',
      ]);
      await assertItemsAgree(store, oracle);
    },
  },
  {
    name: 'keeps other content of an id as an event, once, and the first stays',
    holds: async (engine) => {
      const { store, oracle, both } = await pairOf(engine);
      const plain = message({ text: 'first' });
      await both(...posts(), plain);
      const [post, again] = [delivery(), delivery()];
      const others = [
        messageItem(post, '1', { text: 'other', ts: '2025-01-15T11:00:00Z' }),
        eventItem({ ...post, source: 'shop' }, 'order', { payload: '{"other":1}' }),
        { ...plain, text: 'second' },
        { ...plain, from: '+1999' },
      ];
      assert.deepEqual(new Set(await both(...others)), new Set(['conflict']));
      const last = await lastSeqOf(store);
      const repeated = others.map((item) =>
        'delivery' in item
          ? { ...item, delivery: { ...again, source: item.delivery.source } }
          : item,
      );
      assert.deepEqual(new Set(await both(...repeated)), new Set(['conflict']));
      assert.equal(await lastSeqOf(store), last);
      const { data } = await listEvents(store, { type: 'conflict' });
      assert.deepEqual(
        data.map(({ subject, source }) => `${source} ${subject}`).toSorted(),
        [
          'chat chat:1',
          'shop shop:order',
          `default ${plain.message_id}`,
          `default ${plain.message_id}`,
        ].toSorted(),
      );
      await soonAndSettled(engine, store, async () => {
        await assertItemsAgree(store, oracle);
        await assertStreamAgrees(store, oracle);
        assert.equal((await list(store, { from: '+1999' })).total, 0);
      });
    },
  },
  {
    name: 'takes content as what the source says it is, and no other field',
    holds: async (engine) => {
      const { both } = await pairOf(engine);
      const post = delivery();
      const one = messageItem(post, 'one', { text: 'a' });
      await both(one);
      assert.deepEqual(
        await both(
          { ...one, text: 'b', from: 'x' },
          { ...one, content: 'd'.repeat(32) },
          // The id is taken by a message that has no such content.
          message({ message_id: one.message_id, text: 'a' }),
        ),
        ['duplicate', 'conflict', 'conflict'],
      );
    },
  },
  {
    name: 'keeps 16 conflicts of an id at most, however many come, also at once',
    holds: async (engine) => {
      const store = await engine.open();
      const [plain, named] = [message(), messageItem(delivery(), 'contested')];
      await create(store, [plain, named]);
      const others = Array.from({ length: 20 }, (_, place) => [
        { ...plain, text: `other ${place}` },
        messageItem(delivery(), 'contested', { text: `other ${place}` }),
      ]);
      const outcomes = await Promise.all(others.map((pair) => append(store, ...pair)));
      assert.deepEqual(new Set(outcomes.flat()), new Set(['conflict']));
      for (const subject of [plain.message_id, named.message_id]) {
        const { data } = await listEvents(store, { subject, type: 'conflict', limit: 100 });
        assert.equal(data.length, 16);
      }
      const [, counts] = (await store.sources()).toSorted((a, b) => (a.source < b.source ? 1 : -1));
      assert.deepEqual([counts?.source, counts?.events, counts?.deliveries], ['chat', 16, 17]);
    },
  },
  {
    name: 'stores all items that are appended together or none of them, and none of their posts',
    holds: async (engine) => {
      const store = await engine.open();
      const group = posts();
      await create(store, [message()]);
      for (const at of [0, 2, 5]) {
        const bad = at === 5 ? eventItem(delivery(), 'bad', INVALID) : message(INVALID);
        const outcome = await store.append(group.toSpliced(at, 0, bad));
        assert.ok('unavailable' in outcome);
        assert.equal((await store.after(0, 100, 'items')).entries.length, 1);
        assert.deepEqual((await listEvents(store)).data, []);
        assert.deepEqual(
          (await store.sources()).map(({ source }) => source),
          ['default'],
        );
      }
      await create(store, group);
      assert.equal((await store.after(0, 100, 'items')).entries.length, 6);
    },
  },
  {
    name: 'creates an item once, however many posts bring it at once, with one of the posts',
    holds: async (engine) => {
      const store = await engine.open();
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, () => {
          const post = delivery();
          return append(store, messageItem(post, 'one'), eventItem(post, 'one:read'));
        }),
      );
      for (const place of [0, 1])
        assert.equal(outcomes.filter((pair) => pair[place] === 'created').length, 1);
      const [counts] = await store.sources();
      assert.deepEqual([counts?.messages, counts?.events, counts?.deliveries], [1, 1, 1]);
    },
  },
  {
    name: 'adds items to a post that is stored by its number, and none to one that is not',
    holds: async (engine) => {
      const { store, oracle, both } = await pairOf(engine);
      const post = delivery();
      await both(messageItem(post, 'first'), eventItem(post, 'second'));
      const number = (await store.after(0, 1)).entries[0]?.seq ?? NaN;
      assert.deepEqual(
        await append(store, eventItem({ ...post, number }, 'late'), messageItem(post, 'first')),
        ['created', 'duplicate'],
      );
      await append(oracle, eventItem({ ...post, number: 1 }, 'late'));
      assert.deepEqual(await append(store, eventItem({ ...post, number: 9_999 }, 'lost')), [
        'duplicate',
      ]);
      await assertItemsAgree(store, oracle);
    },
  },
  {
    name: 'tells of a commit of events alone, too',
    holds: async (engine) => {
      const store = await engine.open();
      const heard = Promise.withResolvers<undefined>();
      store.onCommit(() => heard.resolve(undefined));
      await create(store, [eventItem(delivery(), 'alone')]);
      await bounded(heard.promise, () => 'news of an event');
    },
  },
  {
    name: 'keeps items, posts and conflicts when it is closed, and when its process ends',
    holds: async (engine) => {
      const oracle = new MemoryStore();
      let store = await engine.open();
      const restarts = [() => store.close(), () => engine.crash()];
      for (const [round, restart] of restarts.entries()) {
        const group = posts().map((item) =>
          'event_id' in item ? { ...item, event_id: `${item.event_id}:${round}` } : item,
        );
        const plain = message();
        for (const items of [[...group, plain], [{ ...plain, text: 'other' }]])
          assert.deepEqual(await append(store, ...items), await append(oracle, ...items));
        await restart();
        store = await engine.open();
        await assertItemsAgree(store, oracle);
        await assertStreamAgrees(store, oracle);
        assert.ok(!(await append(store, ...group)).includes('created'));
      }
    },
  },
];
