// Whatever the index has reached, every page, total, count and search is what a plain list of the messages says.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import { compareOrder, type OrderKey } from '../../app/model/order.ts';
import type { Cursor, MessageQuery, Page } from '../../app/model/page.ts';
import { foldCase } from '../../app/model/search.ts';
import { inSnapshot, openReader } from '../../app/storage/sqlite/index/reader-connection.ts';
import { verifyCounters } from '../../app/storage/sqlite/maintenance/verify-counts.ts';
import { verifyLists, verifySearch } from '../../app/storage/sqlite/maintenance/verify.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { selectTimeline } from '../../app/storage/sqlite/read/timeline.ts';
import { Life, type Operation, keyOf, sorted } from './index-life.ts';

const SENDERS = ['+1', '+2', '+33', '+444'];
const TIMES = [
  '0001-01-01T00:00:00Z',
  '2025-01-15T10:00:00Z',
  '2025-01-15T10:00:00.5Z',
  '2025-01-15T10:00:00.500000001Z',
  '2025-01-15T10:01:01Z',
  '9999-12-31T23:59:59.999999999Z',
];
const TEXTS = [
  null,
  '',
  'hello world',
  'HELLO',
  'Réunion',
  'Re\u0301union',
  'x\0yz',
  '한국어',
  '\u212Aelvin',
  '😀😀😀',
];
const SEARCHES = [
  'hello',
  'o',
  'réunion',
  'RE\u0301UN',
  'reunion',
  'x\0y',
  '한국',
  'kelvin',
  '😀😀',
  'absent',
];
const ids = fc.oneof(
  fc.string({ minLength: 1, maxLength: 2, unit: 'grapheme' }),
  fc.constantFrom('\u{1f600}', '\uffff', '\0', 'é'),
);
const message = fc.record({
  message_id: ids,
  from: fc.constantFrom(...SENDERS),
  to: fc.constant('+9'),
  ts: fc.constantFrom(...TIMES),
  text: fc.constantFrom(...TEXTS),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.array(message, { maxLength: 12 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ steps: fc.integer({ min: 1, max: 3 }), search: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ remove: fc.array(fc.nat(40), { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ purge: true as const }) },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
);

function query(overrides: Partial<MessageQuery>): MessageQuery {
  return { limit: 50, offset: 0, from: null, since: null, text: null, cursor: null, ...overrides };
}

/** Everything that can be asked says what is stored. */
function assertReads(database: DatabaseSync, stored: Iterable<Message>, limit: number): void {
  const page = (overrides: Partial<MessageQuery>): { data: Message[] } & Page =>
    inSnapshot(database, (progress) => {
      const found = selectPage(database, progress, query(overrides));
      return { ...found, data: JSON.parse(Buffer.from(found.json).toString()) as Message[] };
    });
  const all = sorted(stored);
  const filters: Partial<MessageQuery>[] = [
    {},
    { from: '+1' },
    { from: '+404' },
    { since: parseInstant('2025-01-15T10:00:00.5Z') },
    { since: parseInstant('9999-12-31T23:59:59.999999999Z'), from: '+2' },
    ...SEARCHES.map((text) => ({ text })),
    { text: 'hello', from: '+33' },
  ];
  for (const filter of filters) {
    const { from, since, text } = query(filter);
    const expected = all.filter(
      (one) =>
        (from === null || one.from === from) &&
        (since === null || compareOrder(keyOf(one), { ...since, messageId: '' }) >= 0) &&
        (text === null || (one.text !== null && foldCase(one.text).includes(foldCase(text)))),
    );
    for (let offset = 0; offset <= expected.length; offset += limit) {
      const { data, total } = page({ ...filter, limit, offset });
      assert.deepEqual(data, expected.slice(offset, offset + limit));
      assert.equal(total, expected.length);
    }
    for (const direction of ['after', 'before'] as const)
      assert.deepEqual(
        walk((cursor) => page({ ...filter, limit, cursor }), direction),
        expected,
      );
  }
  assertFigures(database, all);
}

/** Follows cursors through the whole list, from its start or back from its end. */
function walk(
  page: (cursor: Cursor) => { data: Message[] } & Page,
  direction: Cursor['direction'],
): Message[] {
  const end = direction === 'after' ? -99_999_999_999 : 999_999_999_999;
  let key: OrderKey | null = { seconds: end, nanos: 0, messageId: '' };
  const seen: Message[][] = [];
  while (key !== null) {
    const { data, prev, next } = page({ direction, key });
    seen.push(data);
    key = direction === 'after' ? next : prev;
  }
  return (direction === 'after' ? seen : seen.toReversed()).flat();
}

function assertFigures(database: DatabaseSync, all: readonly Message[]): void {
  const counts = Map.groupBy(all, ({ from }) => from);
  const stats = inSnapshot(database, (progress) => selectStats(database, progress));
  assert.deepEqual(stats, {
    total_messages: all.length,
    senders_count: counts.size,
    messages_per_sender: [...counts]
      .map(([from, list]) => ({ from, count: list.length }))
      .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1)),
    first_message_ts: all[0]?.ts ?? null,
    last_message_ts: all.at(-1)?.ts ?? null,
  });
  const start = parseInstant('2025-01-15T10:00:00Z')?.seconds ?? 0;
  const range = { fromSeconds: start, toSeconds: start + 180, stepSeconds: 60 };
  assert.deepEqual(
    inSnapshot(database, (progress) => selectTimeline(database, progress, range)),
    [0, 1, 2].map(
      (bucket) =>
        all.filter((one) => Math.floor((keyOf(one).seconds - start) / 60) === bucket).length,
    ),
  );
}

function assertVerified(database: DatabaseSync): void {
  const problems = inSnapshot(database, (progress) => [
    ...verifyCounters(database),
    ...verifyLists(database, progress),
    ...verifySearch(database, progress, () => undefined),
  ]);
  assert.deepEqual(problems, []);
}

it('after any operations and steps of the indexer', (t) => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 14 }),
      fc.integer({ min: 1, max: 7 }),
      (operations, limit) => {
        const life = new Life(t);
        const early = openReader(life.path);
        const database = openReader(life.path);
        try {
          for (const one of operations) life.do(one);
          // A connection from before, as far as its index file is still the one; and a new one.
          assertReads(early, life.stored.values(), limit);
          assertReads(database, life.stored.values(), limit);
          assertVerified(database);
          life.index();
          assertReads(database, life.stored.values(), limit);
          assertVerified(database);
        } finally {
          early.close();
          database.close();
          life.close();
        }
      },
    ),
    { numRuns: 120 },
  );
});

it('a step of the indexer says how far the index is after it', (t) => {
  const life = new Life(t);
  t.after(() => life.close());
  const one = { from: '+1', to: '+2', ts: '2025-01-15T10:00:00Z', text: 'hello world' };
  life.append(['a', 'b'].map((id) => ({ message_id: id, ...one })));
  life.do({ steps: 1, search: false });
  assert.deepEqual(life.reached, { listed: 2, searched: 0 });
  life.do({ steps: 1, search: true });
  assert.deepEqual(life.reached, { listed: 2, searched: 2 });
});

it('with far more messages than one segment holds, removed ones among them', (t) => {
  const life = new Life(t);
  t.after(() => life.close());
  const total = 50_000;
  const messageOf = (number: number, day: number): Message => ({
    message_id: String(number).padStart(6, '0'),
    from: `+${number % 7}`,
    to: '+9',
    ts: `2025-01-0${day}T10:${String(number % 60).padStart(2, '0')}:00Z`,
    text: number % 100 === 0 ? `needle ${number}` : null,
  });
  for (let first = 0; first < total; first += 5_000) {
    // Every second batch comes before all the others, so that segments grow in the middle too.
    const day = first % 10_000 === 0 ? 2 : 1;
    life.append(Array.from({ length: 5_000 }, (_, at) => messageOf(first + at, day)));
    if (first % 15_000 === 0) life.index();
  }
  life.do({ remove: Array.from({ length: 900 }, (_, at) => at * 50) });
  const database = openReader(life.path);
  t.after(() => database.close());
  for (const state of ['tail', 'indexed']) {
    if (state === 'indexed') life.index();
    const all = sorted(life.stored.values());
    assertVerified(database);
    for (const from of [null, '+0', '+6']) {
      const expected = all.filter((one) => from === null || one.from === from);
      for (const offset of [0, 1, 2_047, 2_048, 4_096, expected.length - 2, expected.length]) {
        const page = inSnapshot(database, (progress) =>
          selectPage(database, progress, query({ from, limit: 3, offset })),
        );
        assert.equal(page.total, expected.length);
        assert.deepEqual(
          JSON.parse(Buffer.from(page.json).toString()),
          expected.slice(offset, offset + 3),
        );
      }
    }
    assertFigures(database, all);
  }
});
