// What the maintenance of a database promises of removing items of named sources, and of its counts of sources.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import { CONFLICT } from '../../app/model/item.ts';
import type { Selection } from '../../app/storage/admin.ts';
import {
  assertOutcomes,
  deliveries,
  events,
  everything,
  fillItems,
  importAll,
} from './admin-archives.ts';
import {
  type AdminClause,
  type AdminEngine,
  NOTHING_SELECTED,
  assertSound,
  exported,
  prune,
  silently,
} from './admin-engine.ts';
import { append, create, idsOf, list, message, tsOf } from './engine.ts';
import { NAME, change, dead, retrying, waiting } from './forward-changes.ts';
import { Places } from './forward-places.ts';
import { delivery, eventItem, messageItem } from './items.ts';

/** Removes as many as are counted before. */
async function removed(engine: AdminEngine, selection: Partial<Selection>) {
  const admin = await engine.admin();
  const counted = await admin.countPrunable({ ...NOTHING_SELECTED, ...selection });
  const pruned = await prune(engine, selection);
  assert.deepEqual(
    { messages: pruned.removed, events: pruned.removedEvents },
    counted,
    JSON.stringify(selection),
  );
  const left = await admin.countPrunable({ ...NOTHING_SELECTED, ...selection });
  assert.deepEqual(left, { messages: 0, events: 0 });
  return [pruned.removed, pruned.removedEvents, pruned.removedDeliveries];
}

/** A post with a message and an event each, at one second and at another. */
function post(source: string, name: string, second: number, later: number) {
  const of = delivery(source);
  return [
    messageItem(of, `${name}m`, { ts: tsOf(second), from: `+${name}`, text: `Needle ${name}` }),
    eventItem(of, `${name}e`, { ts: tsOf(later) }),
  ];
}

export const REMOVALS: readonly AdminClause[] = [
  {
    name: 'removes what is of a source, with its deliveries, and remembers the ids of messages and events',
    holds: async (engine) => {
      const [one, two, mail] = [
        post('chat', '1', 1, 2),
        post('chat', '2', 3, 4),
        post('mail', '3', 5, 6),
      ];
      const plain = message({ ts: tsOf(7), text: 'Needle' });
      await fillItems(engine, one, two, mail, [plain]);
      const before = await everything(engine);
      assert.deepEqual(await removed(engine, { source: 'chat' }), [2, 2, 2]);
      assert.deepEqual(idsOf(await exported(engine)), ['mail:3m', plain.message_id]);
      assert.deepEqual(
        (await events(engine)).map(({ event_id }) => event_id),
        ['mail:3e'],
      );
      assert.deepEqual(
        (await deliveries(engine)).map(({ number }) => number),
        [5],
      );
      await assertSound(engine, 2, { events: 1, deliveries: 1 });
      assertOutcomes(await importAll(engine, before), 'duplicate');
      const store = await engine.open();
      for (const items of [one, two])
        assert.deepEqual(await append(store, ...items), ['duplicate', 'duplicate']);
      assert.equal((await list(store, { text: 'needle' })).total, 2);
      await assertSound(engine, 2, { events: 1, deliveries: 1 });
    },
  },
  {
    name: 'removes what is of the default source, and nothing else',
    holds: async (engine) => {
      const plain = message({ ts: tsOf(7) });
      await fillItems(engine, post('chat', '1', 1, 2), [plain]);
      const store = await engine.open();
      assert.deepEqual(await append(store, { ...plain, text: 'other' }), ['conflict']);
      await store.close();
      assert.deepEqual(await removed(engine, { source: 'default' }), [1, 1, 0]);
      await assertSound(engine, 1, { events: 1, deliveries: 1 });
      assert.deepEqual(await removed(engine, { source: 'absent' }), [0, 0, 0]);
    },
  },
  {
    name: 'removes by age messages and events by their own instants; a delivery goes with its last item',
    holds: async (engine) => {
      await fillItems(engine, post('chat', '1', 1, 50), post('chat', '2', 50, 2));
      const before = parseInstant(tsOf(10));
      assert.deepEqual(await removed(engine, { before, source: 'mail' }), [0, 0, 0]);
      assert.deepEqual(await removed(engine, { before }), [1, 1, 0]);
      const rest = (await deliveries(engine)).map((each) => [each.messages, each.events]);
      assert.deepEqual(rest, [
        [[], ['chat:1e']],
        [['chat:2m'], []],
      ]);
      await assertSound(engine, 1, { events: 1, deliveries: 2 });
      assert.deepEqual(await removed(engine, { before: parseInstant(tsOf(51)) }), [1, 1, 2]);
      await assertSound(engine, 0, { events: 0, deliveries: 0 });
    },
  },
  {
    name: 'erases a sender: other content of its messages, and the posts that they came in; what else was in those stays',
    holds: async (engine) => {
      const shared = delivery();
      const secret = messageItem(shared, 'secret', { from: '+666', text: 'Secret' });
      const kept = messageItem(shared, 'kept', { from: '+1' });
      const status = eventItem(shared, 'status', { subject: 'chat:secret' });
      await fillItems(engine, [secret, kept, status]);
      const store = await engine.open();
      const other = {
        ...secret,
        content: 'e'.repeat(32),
        payload: '"other"',
        delivery: delivery(),
      };
      assert.deepEqual(await append(store, other), ['conflict']);
      const plain = message({ from: '+666' });
      await create(store, [plain]);
      assert.deepEqual(await append(store, { ...plain, text: 'other' }), ['conflict']);
      await store.close();
      assert.deepEqual((await events(engine)).filter(({ type }) => type === CONFLICT).length, 2);
      await assertSound(engine, 3, { events: 3, deliveries: 2 });
      assert.deepEqual(await removed(engine, { from: '+666' }), [2, 2, 2]);
      const all = await everything(engine);
      assert.deepEqual(idsOf(all.messages), ['chat:kept']);
      assert.deepEqual(
        all.events.map(({ event_id }) => event_id),
        ['chat:status'],
      );
      assert.deepEqual(all.deliveries, []);
      await assertSound(engine, 1, { events: 1, deliveries: 0 });
      const reopened = await engine.open();
      assert.equal(await reopened.delivery(1), null);
      assert.deepEqual(await append(reopened, secret, kept, status), [
        'duplicate',
        'duplicate',
        'duplicate',
      ]);
      await assertSound(engine, 1, { events: 1, deliveries: 0 });
    },
  },
  {
    name: 'shows what is stored of each source as a store does, also after a repair',
    holds: async (engine) => {
      await fillItems(engine, post('chat', '1', 1, 2), post('mail', '2', 3, 4), [message()]);
      const store = await engine.open();
      const sources = await store.sources();
      await store.close();
      const admin = await engine.admin();
      assert.deepEqual((await admin.stats()).sources, sources);
      assert.deepEqual(
        sources.map(({ source, messages, events: all, deliveries: posts }) => [
          source,
          messages,
          all,
          posts,
        ]),
        [
          ['chat', 1, 1, 1],
          ['default', 1, 0, 0],
          ['mail', 1, 1, 1],
        ],
      );
      const before = await everything(engine);
      await admin.repair(silently);
      await assertSound(engine, 3, { events: 2, deliveries: 2 });
      assert.deepEqual(await everything(engine), before);
      assert.deepEqual((await admin.stats()).sources, sources);
    },
  },
  {
    name: 'removes what destinations have not finished of it as well: nothing of it is counted, and what waited for it is due',
    holds: async (engine) => {
      const [gone, posts] = ['+15550777123', 'posts'];
      const store = await engine.open();
      await create(
        store,
        [gone, '+1', gone, gone].map((from) => message({ from })),
      );
      await create(store, [messageItem(delivery(), 'post', {})]);
      const places = await Places.of(store);
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = [1, 2, 3, 4, 5].map((at) => places.numberOf(at));
      const { forwards } = store;
      for (const [name, mode] of [
        [NAME, 'item'],
        [posts, 'raw'],
      ] as const) {
        await forwards.lease(name);
        await forwards.open(name, mode, 'beginning');
      }
      const put = [retrying(a, 9e12), waiting(b), dead(c), dead(e)];
      await forwards.record(NAME, change(e, { put: [...put, dead(d)] }));
      const letters = await forwards.dead(NAME, c, 1);
      assert.equal(await forwards.discard(NAME, { ids: letters.map(({ id }) => id) }), 1);
      await forwards.record(posts, change(e, { put: [dead(e)] }));
      await store.close();
      await prune(engine, { from: gone });
      await prune(engine, { source: 'chat' });
      const { forwards: after } = await engine.open();
      assert.deepEqual(
        (await after.statuses()).map((each) => [each.name, each.retrying, each.waiting, each.dead]),
        [
          [NAME, 1, 0, 0],
          [posts, 0, 0, 0],
        ],
      );
      for (const seq of [a, c, d, e]) assert.deepEqual(await after.unfinishedOf(seq), []);
      const { rows } = await after.due(NAME, Date.now(), 9);
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        [b],
      );
    },
  },
];
