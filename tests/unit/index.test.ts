// Whatever the index has reached, every page, total, count and search is what a plain list of the messages says.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { parseInstant } from '../../app/model/instant.ts';
import { inSnapshot, openReader } from '../../app/storage/sqlite/index/reader-connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import {
  assertFigures,
  assertReads,
  assertVerified,
  expectedOf,
  query,
} from './index-assertions.ts';
import {
  Life,
  type Operation,
  type StoredMessage,
  listed,
  ofSource,
  sorted,
} from './index-life.ts';

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
const ids = fc.oneof(
  fc.string({ minLength: 1, maxLength: 2, unit: 'grapheme' }),
  fc.constantFrom('\u{1f600}', '\uffff', '\0', 'é'),
);
const message = fc
  .tuple(
    fc.record({
      message_id: ids,
      from: fc.constantFrom(...SENDERS),
      to: fc.constant('+9'),
      ts: fc.constantFrom(...TIMES),
      text: fc.constantFrom(...TEXTS),
    }),
    fc.constantFrom(null, null, 'wa', 'sms'),
  )
  .map(([one, source]) => ofSource(one, source));
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
    { numRuns: 80 },
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

/** Sources of messages by number: one; several, of which one comes late; and one that is not the default one. */
const MIXES: readonly (readonly [string, (number: number) => string | null])[] = [
  ['of one source', () => null],
  [
    'of several sources',
    (number) => (number < 20_000 ? null : ([null, 'wa', 'sms'][number % 3] ?? null)),
  ],
  ['of several sources from the first on', (number) => (number % 2 === 0 ? 'wa' : null)],
];

for (const [mix, sourceOfNumber] of MIXES)
  it(`with far more messages ${mix} than one segment holds, removed ones among them`, (t) => {
    const life = new Life(t);
    t.after(() => life.close());
    const total = 40_000;
    const messageOf = (number: number, day: number): StoredMessage => {
      const one = {
        message_id: String(number).padStart(6, '0'),
        from: `+${number % 7}`,
        to: '+9',
        ts: `2025-01-0${day}T10:${String(number % 60).padStart(2, '0')}:00Z`,
        text: number % 100 === 0 ? `needle ${number}` : null,
      };
      return ofSource(one, sourceOfNumber(number));
    };
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
      for (const filter of [
        {},
        { from: '+0' },
        { from: '+6', order: 'desc' as const },
        { order: 'desc' as const, until: parseInstant('2025-01-02T10:30:00Z') },
        { source: 'default' },
        { source: 'wa', since: parseInstant('2025-01-01T10:30:00Z') },
      ]) {
        const expected = listed(expectedOf(all, filter));
        for (const offset of [0, 1, 2_047, 2_048, 4_096, expected.length - 2, expected.length]) {
          const page = inSnapshot(database, (progress) =>
            selectPage(database, progress, query({ ...filter, limit: 3, offset })),
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
