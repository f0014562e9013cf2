// Comparing a store with the one in memory: pages of every kind, figures, stream.
import assert from 'node:assert/strict';
import type { OrderKey } from '../../app/model/order.ts';
import type { Cursor, MessageQuery } from '../../app/model/page.ts';
import type { StreamEntry, StreamScope } from '../../app/model/stream.ts';
import type { TimelineQuery } from '../../app/model/timeline.ts';
import type { Store } from '../../app/storage/store.ts';
import { type Engine, dataOf, keyOf, list, query, walk } from './engine.ts';
import type { MemoryStore } from './oracle.ts';

/** Holds before the engine has caught up with its commits, and after. */
export async function soonAndSettled(
  engine: Engine,
  store: Store,
  check: () => Promise<void>,
): Promise<void> {
  await check();
  await engine.settled(store);
  await check();
}

/**
 * One page says the same. Where the page follows a cursor, a store may name the message at the other end too, though nothing comes
 * beyond it: it need not look back.
 */
export async function assertPageAgrees(
  store: Store,
  oracle: MemoryStore,
  wanted: Partial<MessageQuery>,
): Promise<void> {
  const asked = query(wanted);
  const what = JSON.stringify(wanted);
  const [actual, expected] = await Promise.all([store.page(asked), oracle.page(asked)]);
  const data = dataOf(expected);
  assert.deepEqual(dataOf(actual), data, what);
  assert.equal(actual.total, expected.total, what);
  const [first, last] = [data[0], data.at(-1)];
  assertEndsAgree(
    { actual, expected },
    asked.cursor,
    [first && keyOf(first), last && keyOf(last)],
    what,
  );
}

interface Ends {
  readonly prev: OrderKey | null;
  readonly next: OrderKey | null;
}

/** Whether others come before and after a page. `keys` are those of its first and last item. */
export function assertEndsAgree(
  { actual, expected }: { actual: Ends; expected: Ends },
  cursor: Cursor | null,
  [first, last]: readonly [first: OrderKey | undefined, last: OrderKey | undefined],
  what: string,
): void {
  const { direction } = cursor ?? {};
  if (direction !== 'after' || expected.prev !== null || actual.prev === null)
    assert.deepEqual(actual.prev, expected.prev, what);
  else assert.deepEqual(actual.prev, first, what);
  if (direction !== 'before' || expected.next !== null || actual.next === null)
    assert.deepEqual(actual.next, expected.next, what);
  else assert.deepEqual(actual.next, last, what);
}

/** Under each filter every way of paging says the same: by offset, by cursors from the start, and from the end. */
export async function assertPagesAgree(
  store: Store,
  oracle: MemoryStore,
  filters: readonly Partial<MessageQuery>[],
): Promise<void> {
  for (const filter of filters) {
    const { data: expected, total } = await list(oracle, { ...filter, limit: 10_000 });
    const offsets = [0, 3, total - 1, total, total + 1, 2 ** 53 - 1].filter((each) => each >= 0);
    for (const offset of offsets)
      await assertPageAgrees(store, oracle, { ...filter, limit: 4, offset });
    await assertPageAgrees(store, oracle, { ...filter, limit: 100 });
    for (const direction of ['after', 'before'] as const)
      assert.deepEqual(
        await walk(store, direction, { ...filter, limit: 4 }),
        expected,
        `${direction} ${JSON.stringify(filter)}`,
      );
  }
}

/** Statistics and timelines say the same. */
export async function assertFiguresAgree(
  store: Store,
  oracle: MemoryStore,
  ranges: readonly TimelineQuery[],
): Promise<void> {
  assert.deepEqual(await store.stats(), await oracle.stats());
  for (const range of ranges)
    assert.deepEqual(
      await store.timeline(range),
      await oracle.timeline(range),
      JSON.stringify(range),
    );
}

/**
 * The streams of messages and of all items say the same, from their start and from each place; numbers rise, and the last one is
 * known. Both have the same numbers.
 */
export async function assertStreamAgrees(store: Store, oracle: MemoryStore): Promise<void> {
  const numbers = await assertScopeAgrees(store, oracle, 'items', []);
  await assertScopeAgrees(store, oracle, 'messages', numbers);
}

/** `all` are the numbers of all items, where the scope is not itself that of all. Returns the numbers of the scope. */
async function assertScopeAgrees(
  store: Store,
  oracle: MemoryStore,
  scope: StreamScope,
  all: readonly number[],
): Promise<number[]> {
  const actual = await entriesOf(store, scope, 3);
  const expected = await entriesOf(oracle, scope, 500);
  const numbers = actual.map(({ seq }) => seq);
  const places = numbersToPlaces(scope === 'items' ? numbers : all);
  assert.deepEqual(
    actual.map(({ item, json }) => [item, places(json)]),
    expected.map(({ item, json }) => [item, withoutLocalTimes(json)]),
  );
  assert.ok(
    numbers.every((seq, place) => seq > (numbers[place - 1] ?? 0) && Number.isInteger(seq)),
  );
  const lastSeq = (scope === 'items' ? numbers : all).at(-1) ?? 0;
  for (const [place, seq] of numbers.entries()) {
    const page = await store.after(seq, 2, scope);
    assert.deepEqual(
      page.entries.map((entry) => entry.seq),
      numbers.slice(place + 1, place + 3),
    );
    assert.equal(page.more, place + 3 < numbers.length);
    assert.equal(page.upTo, page.more ? numbers[place + 2] : lastSeq);
    assert.equal(page.lastSeq, lastSeq);
  }
  const none = await store.after(0, 0, scope);
  assert.deepEqual(none, { entries: [], more: false, upTo: 0, lastSeq });
  return numbers;
}

/** Everything of a scope in the order of commit. */
export async function entriesOf(
  store: Store,
  scope: StreamScope,
  pageEntries = 500,
): Promise<StreamEntry[]> {
  const seen: StreamEntry[] = [];
  for (let more = true; more;) {
    const page = await store.after(seen.at(-1)?.seq ?? 0, pageEntries, scope);
    seen.push(...page.entries);
    more = page.more;
  }
  return seen;
}

/** Returns a function that has the places of items in JSON for their numbers, as the store in memory has them. */
export function numbersToPlaces(numbers: readonly number[]): (json: string) => string {
  const places = new Map(numbers.map((seq, place) => [String(seq), place + 1]));
  return (json) =>
    withoutLocalTimes(
      json.replaceAll(
        /"(seq|delivery)":(\d+)/g,
        (_, name: string, number: string) => `"${name}":${places.get(number) ?? 'unknown'}`,
      ),
    );
}

/** Leaves out when items of the default source arrived: no two stores have them at the same time. */
export function withoutLocalTimes(json: string): string {
  return json.replaceAll(
    /("source":"default"(?:(?!"source").)*?"received_at":)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g,
    '$1"then"',
  );
}
