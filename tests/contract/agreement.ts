// Comparing a store with the one in memory: pages of every kind, figures, stream.
import assert from 'node:assert/strict';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import type { TimelineQuery } from '../../app/model/timeline.ts';
import type { Store } from '../../app/storage/store.ts';
import { type Engine, dataOf, keyOf, list, query, stream, walk } from './engine.ts';
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
  const { direction } = asked.cursor ?? {};
  if (direction !== 'after' || expected.prev !== null || actual.prev === null)
    assert.deepEqual(actual.prev, expected.prev, what);
  else assert.deepEqual(actual.prev, first && keyOf(first), what);
  if (direction !== 'before' || expected.next !== null || actual.next === null)
    assert.deepEqual(actual.next, expected.next, what);
  else assert.deepEqual(actual.next, last && keyOf(last), what);
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

/** The stream says the same, from its start and from each place in it; numbers rise, and the last one is known. */
export async function assertStreamAgrees(store: Store, oracle: MemoryStore): Promise<void> {
  const expected: Message[] = (await stream(oracle)).map((entry) => entry.message);
  const actual = await stream(store, 3);
  assert.deepEqual(
    actual.map((entry) => entry.message),
    expected,
  );
  const numbers = actual.map(({ seq }) => seq);
  assert.ok(
    numbers.every((seq, place) => seq > (numbers[place - 1] ?? 0) && Number.isInteger(seq)),
  );
  for (const [place, seq] of numbers.entries()) {
    const { entries, more, lastSeq } = await store.after(seq, 2);
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      numbers.slice(place + 1, place + 3),
    );
    assert.equal(more, place + 3 < numbers.length);
    assert.equal(lastSeq, numbers.at(-1));
  }
  const { entries, lastSeq } = await store.after(0, 0);
  assert.deepEqual([entries, lastSeq], [[], numbers.at(-1) ?? 0]);
}
