// What a store promises of reads of items: whole and as they came, lists of events, lists by source, until and both orders.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type { EventItem, Item } from '../../app/model/item.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import {
  assertFiguresAgree,
  assertPageAgrees,
  assertPagesAgree,
  assertStreamAgrees,
  soonAndSettled,
} from './agreement.ts';
import { type Clause, append, create, keyOf, list, message, tsOf } from './engine.ts';
import {
  assertEventsAgree,
  assertItemsAgree,
  eventQuery,
  listEvents,
  textOf,
  walkEvents,
} from './item-agreement.ts';
import { delivery, eventItem, messageItem } from './items.ts';
import { MemoryStore } from './oracle.ts';

const SOURCES = ['default', 'chat', 'sms', 'absent'] as const;
const ORDERS = ['asc', 'desc'] as const;

/** Messages of three sources and three senders, two at each instant. */
function population(): Item[] {
  return Array.from({ length: 72 }, (_, place) => {
    const fields = {
      from: `+${place % 3}`,
      ts: tsOf(Math.floor(((place * 31) % 72) / 2)),
      text: place % 4 === 0 ? null : `Text ${place}`,
    };
    const source = ['default', 'chat', 'chat', 'sms', 'default'][place % 5] ?? '';
    if (source === 'default') return message(fields);
    return messageItem(delivery(source), String(place).padStart(2, '0'), fields);
  });
}

/** Events of two sources, three types and four subjects, two at each instant. */
function events(): EventItem[] {
  return Array.from({ length: 48 }, (_, place) =>
    eventItem(delivery(place % 3 === 0 ? 'sms' : 'chat'), `e${place}`, {
      type: ['status', 'push', 'unparsed'][place % 3] ?? '',
      subject: [null, 'chat:a', 'chat:b', 'x'][place % 4] ?? null,
      ts: tsOf(Math.floor(((place * 17) % 48) / 2)),
    }),
  );
}

export const ITEM_READS: readonly Clause[] = [
  {
    name: 'returns an item, its post and what is known of it as soon as it is appended',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      for (const place of [1, 2, 3]) {
        const post = delivery();
        const group = [
          messageItem(post, `m${place}`),
          eventItem(post, `m${place}:sent`, { subject: `chat:m${place}` }),
          messageItem(post, 'm1', { text: `version ${place}` }),
          message(),
        ];
        assert.deepEqual(await append(store, ...group), await append(oracle, ...group));
        await assertItemsAgree(store, oracle);
        await assertStreamAgrees(store, oracle);
        await assertEventsAgree(store, oracle, {});
      }
    },
  },
  {
    name: 'gives ids, texts, payloads and posts back as they came, whatever they are made of',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const post = delivery('chat', {
        headers: [
          ['b', '2'],
          ['a', ''],
          ['a', 'é "1"'],
        ],
        body: Buffer.from(Array.from({ length: 70_000 }, (_, place) => place % 256)),
      });
      const payload = `{"z":1.0,"a":12345678901234567890,"\\u00e9":"\\/","long":"${'x'.repeat(70_000)}"}`;
      const group = [
        messageItem(post, 'a/b+c?d=%2F #é\u{1f600}', {
          text: 'ä'.repeat(70_000),
          from: '',
          to: '',
        }),
        messageItem(post, 'no text', { payload, kind: 'reaction' }),
        eventItem(post, 'long', { payload, subject: 'any thing', type: 'a.b/c' }),
        eventItem(post, 'without', { payload: null }),
        eventItem(delivery('chat', { headers: [], body: new Uint8Array() }), 'empty'),
      ];
      for (const each of [store, oracle]) await create(each, group);
      await assertItemsAgree(store, oracle);
      assert.ok(textOf((await store.event('chat:long')) ?? new Uint8Array()).includes(payload));
    },
  },
  {
    name: 'has the newest 100 statuses of a message, and of conflicts, in the order in which they came',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const post = delivery();
      const statuses = Array.from({ length: 103 }, (_, place) =>
        eventItem(post, `m:${place}`, { subject: 'chat:m', ts: tsOf(200 - place) }),
      );
      const other = eventItem(post, 'other', { subject: 'chat:m', type: 'edited' });
      const group = [messageItem(post, 'm'), ...statuses, other];
      const conflict = messageItem(delivery(), 'm', { text: 'other' });
      for (const each of [store, oracle]) {
        await create(each, group);
        await append(each, conflict);
      }
      await assertItemsAgree(store, oracle);
    },
  },
  {
    name: 'lists events by source, type, subject, since and until, in both orders, by cursors both ways',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const group = [message(), ...events()];
      for (const each of [store, oracle]) await create(each, group);
      const [since, until] = [parseInstant(tsOf(6)), parseInstant(tsOf(15))];
      const filters = [
        {},
        { source: 'chat' },
        { source: 'absent' },
        { type: 'push' },
        { subject: 'chat:a' },
        { subject: 'x', type: 'status', source: 'sms' },
        { source: 'chat', type: 'push' },
        { since, until },
        { since: until, until: since },
        { type: 'unparsed', since },
        { subject: 'chat:b', until },
      ].flatMap((filter) => ORDERS.map((order) => ({ ...filter, order })));
      for (const filter of filters) {
        await assertEventsAgree(store, oracle, { ...filter, limit: 5 });
        const { data } = await listEvents(oracle, { ...filter, limit: 500 });
        const ids = data.map(({ event_id }) => event_id);
        for (const direction of ['after', 'before'] as const) {
          const walked = await walkEvents(store, direction, { ...filter, limit: 4 });
          assert.deepEqual(
            walked.map(({ event_id }) => event_id),
            ids,
            `${direction} ${JSON.stringify(filter)}`,
          );
          // A cursor need not be an event, and may be outside of the filter.
          const cursor = { direction, key: keyOf(message({ ts: tsOf(10) })) };
          await assertEventsAgree(store, oracle, { ...filter, limit: 3, cursor });
        }
      }
      const { prev, next } = await store.events(eventQuery());
      assert.deepEqual([prev, next], [null, null]);
    },
  },
  {
    name: 'filters by until, which is not part of its range, however it is spelled',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const all = ['09', '10', '10.0', '10.000000001', '10.5', '10.500', '11'].map((second) =>
        message({ ts: `2025-01-15T10:00:${second}Z` }),
      );
      for (const each of [store, oracle]) await create(each, all);
      await soonAndSettled(engine, store, async () => {
        for (const { ts } of all) {
          const until = parseInstant(ts);
          for (const filter of [{ until }, { until, since: until }, { until, text: 'hello' }])
            await assertPagesAgree(store, oracle, [filter, { ...filter, order: 'desc' }]);
        }
        assert.equal((await list(store, { until: parseInstant(all[1]?.ts ?? '') })).total, 1);
      });
    },
  },
  {
    name: 'lists messages by source and from either end, with every other filter',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const all = population();
      const range = { since: parseInstant(tsOf(5)), until: parseInstant(tsOf(30)) };
      const filters: Partial<MessageQuery>[] = [
        { order: 'desc' },
        { order: 'desc', ...range },
        { order: 'desc', from: '+1' },
        { order: 'desc', text: 'text 1' },
        { until: range.since, text: 'e' },
        ...SOURCES.flatMap((source) => [
          { source },
          { source, order: 'desc' as const, since: range.since },
          { source, from: '+1', until: range.until },
          { source, from: '+2', order: 'desc' as const },
          { source, text: 'text' },
          { source, text: 't', from: '+0', order: 'desc' as const, ...range },
        ]),
      ];
      for (let at = 0; at < all.length; at += 36) {
        for (const each of [store, oracle]) await create(each, all.slice(at, at + 36));
        await soonAndSettled(engine, store, () => assertPagesAgree(store, oracle, filters));
      }
      for (const filter of filters)
        for (const direction of ['after', 'before'] as const) {
          const cursor = { direction, key: keyOf(message({ ts: tsOf(12) })) };
          await assertPageAgrees(store, oracle, { ...filter, cursor, limit: 5 });
        }
      await assertFiguresAgree(store, oracle, []);
    },
  },
  {
    name: 'streams messages and events in one sequence, and each alone under the same numbers',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      await assertStreamAgrees(store, oracle);
      const mixed = [...events().slice(0, 9), ...population().slice(0, 6)];
      const known = events().slice(0, 5);
      const groups = [mixed.slice(0, 4), mixed.slice(4, 12), mixed.slice(12), known];
      for (const group of groups) for (const each of [store, oracle]) await append(each, ...group);
      await assertStreamAgrees(store, oracle);
    },
  },
  {
    name: 'streams long items, in as many pages as it takes',
    holds: async (engine) => {
      const store = await engine.open();
      const post = delivery();
      const group = Array.from({ length: 12 }, (_, place) =>
        messageItem(post, `long ${place}`, { text: 'x'.repeat(60_000) }),
      );
      await create(store, group);
      for (const scope of ['messages', 'items'] as const) {
        const seen: number[] = [];
        for (let more = true; more;) {
          const page = await store.after(seen.at(-1) ?? 0, 500, scope);
          seen.push(...page.entries.map(({ seq }) => seq));
          more = page.more;
        }
        assert.deepEqual(seen, [...new Set(seen)]);
        assert.equal(seen.length, 12);
      }
    },
  },
];
