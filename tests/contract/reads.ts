// What a store promises of lists and figures: order, filters, pages, statistics, timeline, stream.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import type { TimelineQuery } from '../../app/model/timeline.ts';
import {
  assertFiguresAgree,
  assertPageAgrees,
  assertPagesAgree,
  assertStreamAgrees,
  soonAndSettled,
} from './agreement.ts';
import {
  type Clause,
  append,
  create,
  idsOf,
  keyOf,
  list,
  message,
  messages,
  stream,
  tsOf,
  walk,
} from './engine.ts';
import { MemoryStore } from './oracle.ts';

/** In the order of their UTF-8 bytes, which is neither that of UTF-16 nor that of any language. */
const IDS = [
  ['\0', '\0\0', '\n', ' ', '"', '%', "'", 'A', 'B', '\\', '_', 'a', 'a\0', 'a\0b', 'ab'],
  ['e\u0301', 'z', '\u007f', '\u0080', 'É', 'é', 'П', '한', '\ue000', '\ufb01', '\ufffd'],
  ['\uffff', '\u{10000}', '\u{1f600}', '\u{1f600}a', '\u{10ffff}'],
].flat();
/** In the order of time. Those of one row are the same instant. */
const INSTANTS = [
  ['0001-01-01T00:00:00Z'],
  ['1969-12-31T23:59:59.999999999Z'],
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['2025-01-15T10:00:00Z', '2025-01-15T10:00:00.0Z'],
  ['2025-01-15T10:00:00.000000001Z'],
  ['2025-01-15T10:00:00.5Z', '2025-01-15T10:00:00.500Z', '2025-01-15T10:00:00.500000000Z'],
  ['2025-01-15T10:00:00.500000001Z'],
  ['2025-01-15T10:00:01Z'],
  ['9999-12-31T23:59:59.999999999Z'],
];

/** The same in no order, which is the same one each time. */
function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((each, place) => ({ each, at: (place * 7_919 + 13) % 1_009 }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

/** Messages of 14 senders, some with as many as others, over a week. */
function population(): Message[] {
  return Array.from({ length: 120 }, (_, place) =>
    message({
      from: `+${100 + ((place * place) % 14)}`,
      ts: tsOf((place * 10_007) % 86_400).replace('15T', `${15 + (place % 7)}T`),
      text: place % 5 === 0 ? null : `Text ${place}`,
    }),
  );
}

export const READS: readonly Clause[] = [
  {
    name: 'lists, searches, counts and streams a message from the moment its append resolves',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const minute = { fromSeconds: 1_736_935_200, toSeconds: 1_736_935_320, stepSeconds: 60 };
      for (const each of shuffled(messages(40))) {
        await create(store, [each]);
        await create(oracle, [each]);
        for (const filter of [{}, { from: each.from }, { text: 'ello' }, { text: 'e' }])
          await assertPageAgrees(store, oracle, filter);
        await assertFiguresAgree(store, oracle, [minute]);
        assert.deepEqual((await stream(store)).at(-1)?.message, each);
      }
    },
  },
  {
    name: 'orders ids of one instant by their UTF-8 bytes, and gives each back as it was',
    holds: async (engine) => {
      const store = await engine.open();
      const expected = IDS.map((message_id) => message({ message_id }));
      await create(store, shuffled(expected));
      await soonAndSettled(engine, store, async () => {
        assert.deepEqual(idsOf((await list(store)).data), IDS);
        for (const direction of ['after', 'before'] as const)
          assert.deepEqual(await walk(store, direction, { limit: 1 }), expected);
        for (const [place, { message_id }] of expected.entries()) {
          assert.deepEqual(idsOf((await list(store, { limit: 1, offset: place })).data), [
            message_id,
          ]);
          assert.deepEqual(await append(store, message({ message_id, to: '+1' })), ['conflict']);
        }
      });
    },
  },
  {
    name: 'orders by instant to the nanosecond, from the year 1 to 9999, and then by id',
    holds: async (engine) => {
      const store = await engine.open();
      const expected = INSTANTS.flatMap((same, row) =>
        ['a', 'b', 'c', 'd'].map((id, place) =>
          message({ message_id: `${id}${9 - row}`, ts: same[place % same.length] ?? '' }),
        ),
      );
      await create(store, shuffled(expected));
      await soonAndSettled(engine, store, async () => {
        assert.deepEqual((await list(store)).data, expected);
        assert.deepEqual(await walk(store, 'before', { limit: 3 }), expected);
      });
    },
  },
  {
    name: 'filters by since, which is part of its range, however it is spelled',
    holds: async (engine) => {
      const store = await engine.open();
      const rows = INSTANTS.map((same) => same.map((ts) => message({ ts })));
      await create(store, shuffled(rows.flat()));
      await soonAndSettled(engine, store, async () => {
        for (const [row, same] of INSTANTS.entries())
          for (const ts of same) {
            const { data, total } = await list(store, { since: parseInstant(ts) });
            assert.deepEqual(data, rows.slice(row).flat(), ts);
            assert.equal(total, data.length);
          }
      });
    },
  },
  {
    name: 'filters by the exact sender, and combines all filters',
    holds: async (engine) => {
      const store = await engine.open();
      const all = ['+1', '+11', '+12', '+111'].flatMap((from) =>
        ['apple', 'Apples', 'pear', null].map((text, place) =>
          message({ from, text, ts: tsOf(place) }),
        ),
      );
      const oracle = new MemoryStore([...all]);
      await create(store, all);
      const since = parseInstant(tsOf(1));
      await soonAndSettled(engine, store, () =>
        assertPagesAgree(store, oracle, [
          { from: '+1' },
          { from: '+11' },
          { from: '+' },
          { from: '+2' },
          { from: '+1', text: 'APPLE' },
          { from: '+1', since },
          { from: '+11', since, text: 'pple' },
          { since, text: 'p' },
          { from: '+404', since, text: 'p' },
        ]),
      );
    },
  },
  {
    name: 'pages by offset and by cursors alike, with the total of all that matches',
    holds: async (engine) => {
      const store = await engine.open();
      const all = population();
      const oracle = new MemoryStore([...all]);
      await create(store, all);
      const since = parseInstant('2025-01-18T00:00:00Z');
      await soonAndSettled(engine, store, async () => {
        await assertPagesAgree(store, oracle, [{}, { since }, { text: 'text 1' }]);
        // A cursor need not be a message, and may be outside of the filter.
        for (const ts of ['2000-01-01T00:00:00Z', '2025-01-18T12:00:00.5Z', '2030-01-01T00:00:00Z'])
          for (const direction of ['after', 'before'] as const) {
            const cursor = { direction, key: keyOf(message({ ts })) };
            await assertPageAgrees(store, oracle, { cursor, limit: 5 });
            await assertPageAgrees(store, oracle, { cursor, limit: 5, since });
          }
      });
    },
  },
  {
    name: 'counts all, and by sender: ten at most, by count and then by number; first and last by instant',
    holds: async (engine) => {
      const store = await engine.open();
      const empty = new MemoryStore();
      await assertFiguresAgree(store, empty, [{ fromSeconds: 0, toSeconds: 300, stepSeconds: 60 }]);
      const all = population();
      const oracle = new MemoryStore();
      for (let at = 0; at < all.length; at += 15) {
        await create(store, all.slice(at, at + 15));
        await create(oracle, all.slice(at, at + 15));
        await soonAndSettled(engine, store, () => assertFiguresAgree(store, oracle, []));
      }
    },
  },
  {
    name: 'counts by bucket of time: a bucket has its start and lacks its end',
    holds: async (engine) => {
      const store = await engine.open();
      const day = parseInstant('2025-01-15T00:00:00Z')?.seconds ?? NaN;
      const edges = ['00', '00.000000001', '59.999999999'].flatMap((second) =>
        [0, 1, 2, 5].map((minute) => message({ ts: `2025-01-15T00:0${minute}:${second}Z` })),
      );
      const old = INSTANTS.flat().map((ts) => message({ ts }));
      const all = [...edges, ...old, ...population()];
      await create(store, all);
      const ranges: TimelineQuery[] = [
        { fromSeconds: day, toSeconds: day + 600, stepSeconds: 60 },
        { fromSeconds: day + 60, toSeconds: day + 120, stepSeconds: 60 },
        { fromSeconds: day - 86_400, toSeconds: day + 12 * 86_400, stepSeconds: 86_400 },
        { fromSeconds: day, toSeconds: day + 604_800, stepSeconds: 10_800 },
        { fromSeconds: -120, toSeconds: 120, stepSeconds: 60 },
        { fromSeconds: day, toSeconds: day, stepSeconds: 60 },
      ];
      const oracle = new MemoryStore([...all]);
      await soonAndSettled(engine, store, () => assertFiguresAgree(store, oracle, ranges));
    },
  },
  {
    name: 'streams messages in the order of commit, from any number, as many as asked for',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      await assertStreamAgrees(store, oracle);
      const all = shuffled(messages(12, { text: 'x'.repeat(100) }));
      for (const group of [all.slice(0, 1), all.slice(1, 6), all.slice(3, 12)]) {
        await append(store, ...group);
        await append(oracle, ...group);
      }
      await assertStreamAgrees(store, oracle);
      const { lastSeq } = await store.after(0, 0);
      const beyond = await store.after(lastSeq + 10, 5);
      assert.deepEqual([beyond.entries, beyond.lastSeq], [[], lastSeq]);
    },
  },
];
