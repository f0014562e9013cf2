// A store and the one in memory are given the same generated operations, and say the same after each.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import { TIMELINE_STEPS, type TimelineQuery } from '../../app/model/timeline.ts';
import type { Store } from '../../app/storage/store.ts';
import { assertFiguresAgree, assertPageAgrees, assertStreamAgrees } from './agreement.ts';
import { type Engine, keyOf } from './engine.ts';
import { type Committed, MemoryStore } from './oracle.ts';

const LETTERS = [
  'a',
  'A',
  'b',
  'é',
  'É',
  'e\u0301',
  'П',
  'п',
  'ς',
  '한',
  '😀',
  '%',
  '"',
  '\0',
  ' ',
];
const words = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...LETTERS), minLength, maxLength });

const two = (max: number): fc.Arbitrary<string> =>
  fc.nat(max).map((value) => String(value).padStart(2, '0'));
const fraction = fc.constantFrom('', '.0', '.5', '.50', '.500000001', '.999999999');
const near = fc
  .tuple(two(2), two(2), fraction)
  .map(([minute, second, part]) => `2025-01-15T10:${minute}:${second}${part}Z`);
const ts = fc.oneof(
  { weight: 6, arbitrary: near },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'),
  },
);
/** Often the same, so that duplicates, conflicts and equal instants are common. */
const id = fc.oneof(
  fc.constantFrom('a', 'b', 'A', 'é', 'e\u0301', '\uffff', '\u{1f600}', 'a\0', '\0'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const from = fc.nat(13).map((number) => `+${number}`);
const message: fc.Arbitrary<Message> = fc.record({
  message_id: id,
  from,
  to: fc.constantFrom('+1', '+2'),
  ts,
  text: fc.option(words(0, 12)),
});

const filters = {
  from: fc.option(from, { freq: 3 }),
  since: fc.option(
    ts.map((text) => parseInstant(text)),
    { freq: 3 },
  ),
  text: fc.option(words(1, 4), { freq: 2 }),
};
const cursor = fc.record({
  direction: fc.constantFrom('after' as const, 'before' as const),
  key: message.map((each) => keyOf(each)),
});
const page: fc.Arbitrary<MessageQuery> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  offset: fc.nat(30),
  cursor: fc.constant(null),
  ...filters,
});
const cursorPage: fc.Arbitrary<MessageQuery> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  offset: fc.constant(0),
  cursor,
  ...filters,
});
const range: fc.Arbitrary<TimelineQuery> = fc
  .tuple(fc.constantFrom(...TIMELINE_STEPS), fc.integer({ min: -3, max: 2 }), fc.nat(8))
  .map(([stepSeconds, first, buckets]) => {
    const middle = parseInstant('2025-01-15T10:00:00Z')?.seconds ?? 0;
    const fromSeconds = (Math.floor(middle / stepSeconds) + first) * stepSeconds;
    return { fromSeconds, toSeconds: fromSeconds + buckets * stepSeconds, stepSeconds };
  });

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ append: fc.array(message, { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ appendBad: fc.array(message, { maxLength: 4 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ read: fc.array(fc.oneof(page, cursorPage), { maxLength: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ figures: fc.array(range, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.constant('stream' as const) },
  { weight: 2, arbitrary: fc.constant('settle' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const BAD: Message = { message_id: 'bad', from: '+1', to: '+1', ts: 'never', text: null };

/** Does one operation to both, and compares what they say. Returns the store, which may be another one then. */
async function act(
  engine: Engine,
  store: Store,
  oracle: MemoryStore,
  step: Operation,
): Promise<Store> {
  if (step === 'reopen') {
    await store.close();
    return await engine.open();
  }
  if (step === 'settle') await engine.settled(store);
  else if (step === 'stream') await assertStreamAgrees(store, oracle);
  else if ('append' in step)
    assert.deepEqual(await store.append(step.append), await oracle.append(step.append));
  else if ('appendBad' in step)
    assert.ok('unavailable' in (await store.append([...step.appendBad, BAD])));
  else if ('read' in step)
    await Promise.all(step.read.map((each) => assertPageAgrees(store, oracle, each)));
  else await assertFiguresAgree(store, oracle, step.figures);
  return store;
}

/** Rejects, with the seed and the shortest example that was found, where the two differ. */
export async function assertAgreesOnGenerated(
  openEngine: () => Engine,
  numRuns: number,
): Promise<void> {
  const operations = fc.array(operation, { minLength: 5, maxLength: 30, size: 'max' });
  const property = fc.asyncProperty(operations, async (steps) => {
    const engine = openEngine();
    const committed: Committed = [];
    const oracle = new MemoryStore(committed);
    let store = await engine.open();
    try {
      for (const step of steps) store = await act(engine, store, oracle, step);
      await assertStreamAgrees(store, oracle);
    } finally {
      await store.close();
    }
  });
  await fc.assert(property, { numRuns });
}
