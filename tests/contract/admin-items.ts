// What the maintenance of a database promises of items of named sources: export, import, links to deliveries, and appending to these.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import { CONFLICT, conflictId, isEvent } from '../../app/model/item.ts';
import {
  archivedEvent,
  archivedMessage,
  assertOutcomes,
  deliveries,
  events,
  everything,
  fillItems,
  importAll,
  importing,
  postOf,
  storedUnder,
  withoutNumbers,
} from './admin-archives.ts';
import { type AdminClause, assertSound, exported, prune } from './admin-engine.ts';
import type { MoveClause } from './admin-moves.ts';
import { append, message, tsOf } from './engine.ts';
import { delivery, eventItem, messageItem } from './items.ts';

const LARGE_UNITS = 3 * 1_048_576;

/** Posts of two sources, a message of the default one, and a conflict in each. */
function posts() {
  const [first, second, other] = [delivery(), delivery(), delivery('mail')];
  const plain = message({ ts: tsOf(5), text: 'Needle' });
  return [
    [
      messageItem(first, 'a/+ b', { ts: tsOf(7), text: 'Needle été', from: '+2' }),
      eventItem(first, 'a:read', { ts: tsOf(3), subject: 'chat:a/+ b' }),
    ],
    [plain],
    [
      eventItem(second, 'x', { ts: tsOf(1), type: 'unparsed', payload: null, subject: null }),
      messageItem(second, 'y', { ts: tsOf(1), text: null, from: 'shop é', kind: 'image' }),
    ],
    [eventItem(other, 'push', { ts: tsOf(9), type: 'push' })],
  ];
}

export const ITEMS: readonly AdminClause[] = [
  {
    name: 'exports items of named sources as they were stored, and each delivery with its items',
    holds: async (engine) => {
      const [first = [], plain = [], second = [], third = []] = posts();
      await fillItems(engine, first, plain, second, third);
      const all = await everything(engine);
      const items = [...first, ...plain, ...second, ...third];
      assert.deepEqual(
        all.messages.map(({ message_id, source, kind }) => [message_id, source, kind]),
        [
          ['chat:y', 'chat', 'image'],
          [plain[0] && 'message_id' in plain[0] ? plain[0].message_id : '', null, null],
          ['chat:a/+ b', 'chat', 'text'],
        ],
      );
      assert.deepEqual(
        all.events.map(({ event_id, type }) => [event_id, type]),
        [
          ['chat:x', 'unparsed'],
          ['chat:a:read', 'status'],
          ['mail:push', 'push'],
        ],
      );
      for (const stored of [...all.messages, ...all.events]) {
        const id = 'event_id' in stored ? stored.event_id : stored.message_id;
        const item = items.find(
          (each) => ('event_id' in each ? each.event_id : each.message_id) === id,
        );
        assert.ok(item);
        if (!('delivery' in item)) continue;
        const expected = isEvent(item) ? archivedEvent(item) : archivedMessage(item);
        assert.deepEqual(stored, expected);
      }
      assert.deepEqual(
        all.deliveries.map(({ number, messages: ids, events: eventIds }) => [
          number,
          ids,
          eventIds,
        ]),
        [
          [1, ['chat:a/+ b'], ['chat:a:read']],
          [4, ['chat:y'], ['chat:x']],
          [6, [], ['mail:push']],
        ],
      );
      const stored = [first, second, third].map(([item]) =>
        item !== undefined && 'delivery' in item ? item.delivery : assert.fail(),
      );
      assert.deepEqual(all.deliveries.map(postOf), stored);
      assert.equal(await (await engine.admin()).lastSeq(), 6);
      await assertSound(engine, 3, { events: 3, deliveries: 3 });
    },
  },
  {
    name: 'exports by source, by instant, by sender and text, and deliveries by number, type and last number',
    holds: async (engine) => {
      await fillItems(engine, ...posts());
      const messageIds = async (filter: Parameters<typeof exported>[1]) =>
        (await exported(engine, filter)).map(({ message_id }) => message_id);
      assert.deepEqual(await messageIds({ source: 'chat' }), ['chat:y', 'chat:a/+ b']);
      assert.equal((await messageIds({ source: 'default' })).length, 1);
      assert.deepEqual(await messageIds({ source: 'mail' }), []);
      assert.deepEqual(await messageIds({ source: 'chat', text: 'NEEDLE' }), ['chat:a/+ b']);
      assert.deepEqual(await messageIds({ source: 'chat', from: 'shop é' }), ['chat:y']);
      assert.deepEqual(await messageIds({ source: 'default', from: '+2' }), []);
      const eventIds = async (filter: Parameters<typeof events>[1]) =>
        (await events(engine, filter)).map(({ event_id }) => event_id);
      const [since, until] = [parseInstant(tsOf(3)), parseInstant(tsOf(9))];
      assert.deepEqual(await eventIds({ source: 'chat' }), ['chat:x', 'chat:a:read']);
      assert.deepEqual(await eventIds({ source: 'default' }), []);
      assert.deepEqual(await eventIds({ since }), ['chat:a:read', 'mail:push']);
      assert.deepEqual(await eventIds({ until }), ['chat:x', 'chat:a:read']);
      assert.deepEqual(await eventIds({ since, until, source: 'chat' }), ['chat:a:read']);
      const numbers = async (filter: Parameters<typeof deliveries>[1]) =>
        (await deliveries(engine, filter)).map(({ number }) => number);
      const any = { source: null, eventType: null, upTo: null };
      assert.deepEqual(await numbers({ ...any, source: 'chat' }), [1, 4]);
      assert.deepEqual(await numbers({ ...any, eventType: 'unparsed' }), [4]);
      assert.deepEqual(await numbers({ ...any, eventType: 'push', source: 'chat' }), []);
      assert.deepEqual(await numbers({ ...any, upTo: 5 }), [1, 4]);
      assert.deepEqual(await numbers({ numbers: [6, 5, 1, 6, 99] }), [1, 6]);
      assert.deepEqual(await numbers({ numbers: [] }), []);
    },
  },
  {
    name: 'exports large payloads and bodies in chunks that are bounded, not by their number alone',
    holds: async (engine) => {
      const payload = JSON.stringify('x'.repeat(LARGE_UNITS));
      const large = Array.from({ length: 4 }, () =>
        delivery('chat', { body: Buffer.alloc(LARGE_UNITS, 7) }),
      );
      const items = large.map((post, place) => [
        messageItem(post, `m${place}`, { payload, text: 'Needle' }),
        eventItem(post, `e${place}`, { payload }),
      ]);
      await fillItems(engine, ...items);
      const admin = await engine.admin();
      const all = { source: null, from: null, since: null, until: null, text: null };
      const walks: AsyncIterable<readonly unknown[]>[] = [
        admin.exportMessages(all),
        admin.exportMessages({ ...all, text: 'needle' }),
        admin.exportEvents(all),
        admin.exportDeliveries({ source: null, eventType: null, upTo: null }),
      ];
      for (const walk of walks) {
        const sizes: number[] = [];
        for await (const chunk of walk) sizes.push(chunk.length);
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          4,
        );
        assert.ok(Math.max(...sizes) < 4, sizes.join());
      }
    },
  },
  {
    name: 'imports everything that an export has, exactly once: the next export has the same',
    holds: async (engine) => {
      await fillItems(engine, ...posts());
      const all = await everything(engine);
      assertOutcomes(await importAll(engine, all), 'duplicate');
      assert.deepEqual(await everything(engine), all);
      await assertSound(engine, 3, { events: 3, deliveries: 3 });
    },
  },
  {
    name: 'imports items first and their deliveries afterwards, in any order of these',
    holds: async (engine) => {
      const post = delivery();
      const one = archivedMessage(messageItem(post, 'one', { text: 'Needle' }));
      const two = archivedEvent(eventItem(post, 'two'));
      const stored = { ...post, number: 77, messages: ['chat:one'], events: ['chat:two'] };
      const none = { messages: [], events: [], deliveries: [stored] };
      assert.deepEqual((await importAll(engine, none)).deliveries, ['missing']);
      const first = await importAll(engine, { ...none, events: [two] });
      assert.deepEqual([first.events, first.deliveries], [['created'], ['created']]);
      const second = await importAll(engine, { ...none, messages: [one] });
      // The other item of the post has come before.
      assert.deepEqual([second.messages, second.deliveries], [['created'], ['duplicate']]);
      assert.deepEqual(await deliveries(engine), [{ ...stored, number: 1 }]);
      assert.deepEqual((await importAll(engine, none)).deliveries, ['duplicate']);
      await assertSound(engine, 1, { events: 1, deliveries: 1 });
      const store = await engine.open();
      assert.deepEqual(await append(store, messageItem(post, 'one', { text: 'Needle' })), [
        'duplicate',
      ]);
    },
  },
  {
    name: 'keeps other content of an imported id as a conflict, once',
    holds: async (engine) => {
      const post = delivery();
      const [one, two] = [messageItem(post, 'one'), eventItem(post, 'two')];
      await fillItems(engine, [one, two]);
      const content = 'f'.repeat(32);
      const other = { ...archivedMessage(one), content, payload: '{"other": 1}' };
      const event = { ...archivedEvent(two), content, ts: tsOf(80_000) };
      for (let round = 0; round < 2; round += 1) {
        const outcomes = await importAll(engine, {
          messages: [other],
          events: [event],
          deliveries: [],
        });
        assert.deepEqual([outcomes.messages, outcomes.events], [['conflict'], ['conflict']]);
      }
      const conflicts = (await events(engine)).filter(({ type }) => type === CONFLICT);
      assert.deepEqual(
        conflicts.map(({ event_id, subject, payload }) => [event_id, subject, payload]),
        [
          [conflictId('chat:one', content), 'chat:one', '{"other": 1}'],
          [conflictId('chat:two', content), 'chat:two', event.payload],
        ],
      );
      await assertSound(engine, 1, { events: 3, deliveries: 1 });
    },
  },
  {
    name: 'does not import a delivery of which an item was removed: its body has that, too',
    holds: async (engine) => {
      const post = delivery();
      await fillItems(engine, [
        messageItem(post, 'gone', { from: '+666' }),
        messageItem(post, 'left', { from: '+1' }),
      ]);
      const all = await everything(engine);
      await prune(engine, { from: '+666' });
      const outcomes = await importAll(engine, all);
      assert.deepEqual(outcomes.deliveries, ['duplicate']);
      assert.deepEqual(await deliveries(engine), []);
      await assertSound(engine, 1, { events: 0, deliveries: 0 });
    },
  },
  {
    name: 'appends to a delivery that is stored what it does not have yet, once',
    holds: async (engine) => {
      const post = delivery();
      const unparsed = eventItem(post, 'hash', { type: 'unparsed', payload: null });
      const items = [messageItem(post, 'm', { text: 'Needle' }), eventItem(post, 'e')];
      await fillItems(engine, [unparsed]);
      const [stored] = await deliveries(engine);
      assert.ok(stored);
      const outcomes = await importing(engine, (bulk) =>
        bulk.append(storedUnder(stored.number, [...items, unparsed, ...items])),
      );
      assert.deepEqual(outcomes, ['created', 'created', 'duplicate', 'duplicate', 'duplicate']);
      const [now, ...others] = await deliveries(engine);
      assert.deepEqual(others, []);
      const ids = { messages: ['chat:m'], events: ['chat:hash', 'chat:e'] };
      assert.deepEqual(now, { ...stored, ...ids });
      await assertSound(engine, 1, { events: 2, deliveries: 1 });
      await prune(engine, { source: 'chat' });
      const late = storedUnder(stored.number, [messageItem(post, 'late')]);
      assert.deepEqual(await importing(engine, (bulk) => bulk.append(late)), ['duplicate']);
      await assertSound(engine, 0, { events: 0, deliveries: 0 });
    },
  },
];

/** Imports of one database into another. */
export const COPIES: MoveClause = {
  name: 'imports into an empty database what another one exports',
  holds: async (from, to) => {
    await fillItems(from, ...posts());
    const all = await everything(from);
    assertOutcomes(await importAll(to, all), 'created');
    const copy = await everything(to);
    assert.deepEqual(
      withoutNumbers({ ...copy, deliveries: copy.deliveries.toSorted(byArrival) }),
      withoutNumbers({ ...all, deliveries: all.deliveries.toSorted(byArrival) }),
    );
    await assertSound(to, 3, { events: 3, deliveries: 3 });
  },
};

function byArrival(a: { receivedAt: string }, b: { receivedAt: string }): number {
  return a.receivedAt < b.receivedAt ? -1 : 1;
}
