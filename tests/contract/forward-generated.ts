// The forwarding of a store and of the one in memory are given the same generated operations, and say the same after each.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { FORWARD_MODES, FORWARD_STARTS, type ForwardReport } from '../../app/model/forward.ts';
import type {
  DeadSelection,
  ForwardChange,
  ForwardStore,
  Store,
  Unfinished,
} from '../../app/storage/store.ts';
import { itemGroup } from './arbitraries.ts';
import type { Engine } from './engine.ts';
import { assertEntriesAgree, assertForwardsAgree } from './forward-agreement.ts';
import { Places } from './forward-places.ts';
import { MemoryStore } from './oracle.ts';

const NAMES = ['app', 'audit'];
const CONVERSATIONS = ['chat a', 'chat é\0', '*'];
const PLACES_MAX = 12;
const LATER_MS = 10_000_000_000_000;

const name = fc.constantFrom(...NAMES);
const ms = fc.nat(15);
const place = fc.integer({ min: 1, max: PLACES_MAX });
const conversation = fc.option(fc.constantFrom(...CONVERSATIONS), { freq: 4 });
const attempted = fc.record({
  attempts: fc.integer({ min: 1, max: 9 }),
  firstMs: ms,
  lastMs: ms,
  error: fc.constantFrom('answered 500', 'no "route" to \u{1f600}'),
});
const never = fc.constant({ attempts: 0, firstMs: null, lastMs: null, error: null });
const row: fc.Arbitrary<Unfinished> = fc
  .record({
    seq: place,
    state: fc.constantFrom('retry' as const, 'retry' as const, 'waiting' as const, 'dead' as const),
    conversation,
    dueMs: ms,
    attempted,
    never,
  })
  .map(({ dueMs, attempted: tried, never: untried, ...rest }) => ({
    ...rest,
    ...(rest.state === 'waiting' ? untried : tried),
    dueMs: rest.state === 'retry' ? dueMs : null,
  }));

const numbers = fc.uniqueArray(place, { maxLength: 3 });
/** Of places. */
const change: fc.Arbitrary<ForwardChange> = fc
  .record({
    position: fc.nat(PLACES_MAX),
    finished: numbers,
    put: fc.uniqueArray(row, { selector: ({ seq }) => seq, maxLength: 6 }),
    remove: numbers,
    release: fc.uniqueArray(fc.constantFrom(...CONVERSATIONS), { maxLength: 2 }),
    nowMs: ms,
    delivered: fc.nat(5),
  })
  .map((each) => ({
    ...each,
    finished: each.finished.filter((seq) => seq > each.position),
    remove: each.remove.filter((seq) => each.put.every((put) => put.seq !== seq)),
  }));

const report: fc.Arbitrary<ForwardReport> = fc.record(
  {
    state: fc.constantFrom('running', 'slowed', 'disabled'),
    reason: fc.option(fc.constant('it answered "410"')),
    lastError: fc.option(fc.constant('refused')),
    lastErrorAt: fc.option(fc.constant('2025-01-15T10:00:00.000Z')),
    ratePerSecond: fc.constantFrom(0, 0.5, 1_234.25),
    at: fc.constant('2025-01-15T10:00:01.000Z'),
  },
  { noNullPrototype: true },
);
const which = fc.oneof(fc.constant('all' as const), fc.array(place, { maxLength: 4 }));
const entries = fc
  .uniqueArray(fc.record({ seq: place, conversation }), { selector: ({ seq }) => seq })
  .map((list) => list.toSorted((a, b) => a.seq - b.seq));

const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ append: itemGroup }) },
  {
    weight: 2,
    arbitrary: fc.record({
      open: name,
      mode: fc.constantFrom(...FORWARD_MODES),
      start: fc.constantFrom(...FORWARD_STARTS),
    }),
  },
  { weight: 8, arbitrary: fc.record({ record: name, change }) },
  { weight: 2, arbitrary: fc.record({ retry: name, which, nowMs: ms }) },
  { weight: 1, arbitrary: fc.record({ discard: name, which }) },
  { weight: 2, arbitrary: fc.record({ replay: name, entries, nowMs: ms }) },
  { weight: 1, arbitrary: fc.record({ report: name, saying: report }) },
  { weight: 1, arbitrary: fc.record({ forget: fc.constantFrom(0, LATER_MS) }) },
  { weight: 1, arbitrary: fc.constant('entries' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
type Steering = Extract<Operation, { retry: string } | { discard: string } | { replay: string }>;

interface Pair {
  store: Store;
  readonly oracle: MemoryStore;
  /** Destinations that are open. */
  readonly opened: Set<string>;
}

/** What is chosen by places: entries of which the destination, whatever its mode, may have dead letters. */
async function selected(
  forwards: ForwardStore,
  chosen: 'all' | readonly number[],
  numberOf: (place: number) => number,
): Promise<DeadSelection> {
  if (chosen === 'all') return chosen;
  const seqs = [...new Set(chosen)].map(numberOf).filter((seq) => seq > 0);
  const ids = await Promise.all(
    FORWARD_MODES.map(async (mode) =>
      (
        await forwards.contents(
          mode,
          seqs.toSorted((a, b) => a - b),
        )
      ).found.map(({ entry }) => entry.id),
    ),
  );
  return { ids: ids.flat() };
}

async function steer({ store, oracle }: Pair, step: Steering, places: Places): Promise<void> {
  const exists = (seq: number): boolean => seq <= places.count;
  if ('replay' in step) {
    const list = step.entries.filter(({ seq }) => exists(seq));
    const numbered = list.map((each) => ({ ...each, seq: places.numberOf(each.seq) }));
    assert.equal(
      await store.forwards.replay(step.replay, numbered, step.nowMs),
      await oracle.forwards.replay(step.replay, list, step.nowMs),
    );
    return;
  }
  const chosen = step.which === 'all' ? step.which : step.which.filter(exists);
  const actual = await selected(store.forwards, chosen, (each) => places.numberOf(each));
  const expected = await selected(oracle.forwards, chosen, (each) => each);
  if ('retry' in step)
    assert.equal(
      await store.forwards.retry(step.retry, actual, step.nowMs),
      await oracle.forwards.retry(step.retry, expected, step.nowMs),
    );
  else
    assert.equal(
      await store.forwards.discard(step.discard, actual),
      await oracle.forwards.discard(step.discard, expected),
    );
}

/** Does one operation to both, and compares what they say. */
async function act(engine: Engine, pair: Pair, step: Operation): Promise<void> {
  const { store, oracle, opened } = pair;
  const places = await Places.of(store);
  if (step === 'reopen') {
    await store.close();
    pair.store = await engine.open();
    for (const each of opened) assert.equal(await pair.store.forwards.lease(each), true);
  } else if (step === 'entries') await assertEntriesAgree(store, oracle);
  else if ('append' in step)
    assert.deepEqual(await store.append(step.append), await oracle.append(step.append));
  else if ('open' in step) {
    opened.add(step.open);
    assert.equal(await store.forwards.lease(step.open), true);
    const { position, finished } = await store.forwards.open(step.open, step.mode, step.start);
    assert.deepEqual(
      {
        position: places.placeOf(position),
        finished: finished.map((each) => places.placeOf(each)),
      },
      await oracle.forwards.open(step.open, step.mode, step.start),
    );
  } else if ('record' in step) {
    if (!opened.has(step.record)) return;
    const part = within(step.change, places.count);
    assert.equal(await store.forwards.record(step.record, places.change(part)), true);
    await oracle.forwards.record(step.record, part);
  } else if ('report' in step) {
    if (!opened.has(step.report)) return;
    for (const each of [store, oracle]) await each.forwards.report(step.report, step.saying);
  } else if ('forget' in step) {
    for (const each of [store, oracle]) await each.forwards.forget(step.forget);
    if (step.forget > 0) opened.clear();
  } else await steer(pair, step, places);
}

/** The change without what is not stored yet. */
function within(each: ForwardChange, count: number): ForwardChange {
  return {
    ...each,
    position: Math.min(each.position, count),
    finished: each.finished.filter((seq) => seq <= count && seq > Math.min(each.position, count)),
    put: each.put.filter(({ seq }) => seq <= count),
    remove: each.remove.filter((seq) => seq <= count),
  };
}

/** Rejects, with the seed and the shortest example that was found, where the two differ. */
export async function assertForwardsAgreeOnGenerated(
  openEngine: () => Engine,
  numRuns: number,
): Promise<void> {
  const operations = fc.array(operation, { minLength: 5, maxLength: 30, size: 'max' });
  const property = fc.asyncProperty(itemGroup, operations, async (first, steps) => {
    const engine = openEngine();
    const pair = {
      store: await engine.open(),
      oracle: new MemoryStore(),
      opened: new Set<string>(),
    };
    try {
      for (const step of [{ append: first }, ...steps]) {
        await act(engine, pair, step);
        await assertForwardsAgree(pair.store, pair.oracle, NAMES, CONVERSATIONS);
      }
      await assertEntriesAgree(pair.store, pair.oracle);
    } finally {
      await pair.store.close();
    }
  });
  await fc.assert(property, { numRuns });
}
