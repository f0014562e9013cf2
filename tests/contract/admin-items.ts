// What the maintenance of a database promises of items of named sources: export, and import of all that an export has.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import { isEvent } from '../../app/model/item.ts';
import {
  archivedEvent,
  archivedMessage,
  assertOutcomes,
  deliveries,
  events,
  everything,
  fillItems,
  importAll,
  postOf,
  withoutNumbers,
} from './admin-archives.ts';
import { type AdminClause, assertSound, exported } from './admin-engine.ts';
import type { MoveClause } from './admin-moves.ts';
import { message, tsOf } from './engine.ts';
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
