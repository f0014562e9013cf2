// Comparing the forwarding of a store with that in memory: entries and their contents, rows, and what is said of each destination.
import assert from 'node:assert/strict';
import { type ForwardMode, FORWARD_MODES } from '../../app/model/forward.ts';
import type {
  DeadLetter,
  ForwardContent,
  ForwardEntry,
  ForwardStore,
  Store,
} from '../../app/storage/store.ts';
import { Places } from './forward-places.ts';
import type { MemoryStore } from './oracle.ts';

/** All entries with these numbers, however often that has to be asked for. */
export async function contentsOf(
  forwards: ForwardStore,
  mode: ForwardMode,
  seqs: readonly number[],
): Promise<{
  readonly found: { readonly entry: ForwardEntry; readonly content: ForwardContent }[];
  readonly gone: number[];
}> {
  const found = [];
  const gone: number[] = [];
  for (let rest = seqs; rest.length > 0;) {
    const part = await forwards.contents(mode, rest);
    const told = [...part.found.map(({ entry }) => entry.seq), ...part.gone].toSorted(
      (a, b) => a - b,
    );
    assert.ok(told.length > 0, 'nothing was told of any number');
    assert.deepEqual(told, rest.slice(0, told.length));
    found.push(...part.found);
    gone.push(...part.gone);
    rest = rest.slice(told.length);
  }
  return { found, gone };
}

/** Entries after each place, and the contents of all numbers, are the same in both modes. */
export async function assertEntriesAgree(store: Store, oracle: MemoryStore): Promise<void> {
  const places = await Places.of(store);
  for (const mode of FORWARD_MODES) {
    const all = (await oracle.forwards.entries(mode, 0, places.count + 1)).entries;
    const step = Math.ceil((places.count + 1) / STARTS_MAX);
    for (let after = 0; after <= places.count; after += step)
      for (const limit of [1, 3, places.count + 1]) {
        const { entries, end } = await store.forwards.entries(mode, places.numberOf(after), limit);
        const rest = all.filter(({ seq }) => seq > after);
        const what = `${mode} ${limit} after ${after}`;
        assert.deepEqual(
          entries.map((entry) => places.entry(entry)),
          rest.slice(0, limit),
          what,
        );
        const next = rest[limit];
        const endPlace = places.placeOf(end);
        if (next === undefined) assert.equal(endPlace, places.count, what);
        else assert.ok(endPlace >= (rest[limit - 1]?.seq ?? 0) && endPlace < next.seq, what);
      }
    await assertContentsAgree(store, oracle, mode, places);
  }
}

async function assertContentsAgree(
  store: Store,
  oracle: MemoryStore,
  mode: ForwardMode,
  places: Places,
): Promise<void> {
  const all = Array.from({ length: places.count }, (_, place) => place + 1);
  const beyond = places.numberOf(places.count) + 1_000;
  const numbers = [...all.map((place) => places.numberOf(place)), beyond];
  const [actual, expected] = await Promise.all([
    contentsOf(store.forwards, mode, numbers),
    oracle.forwards.contents(mode, all),
  ]);
  assert.deepEqual(
    actual.found.map(({ entry, content }, at) => ({
      entry: places.entry(entry),
      content: places.content(content, expected.found[at]?.content),
    })),
    expected.found.map(({ entry, content }) => ({
      entry,
      content: normal(content),
    })),
  );
  assert.equal(actual.gone.pop(), beyond);
  assert.deepEqual(
    actual.gone.map((number) => places.placeOf(number)),
    expected.gone,
  );
}

/** A body as the bytes it has, whatever it is a view of. */
function normal(content: ForwardContent): ForwardContent {
  if (!('delivery' in content)) return content;
  return {
    ...content,
    delivery: { ...content.delivery, body: Buffer.from(content.delivery.body) },
  };
}

const NOW_MS = [5, 1_000] as const;
const LIMITS = [2, 100] as const;
/** Places from which entries are read. */
const STARTS_MAX = 12;

/** Everything that is said of destinations and their rows is the same. `conversations` are those that rows may have. */
export async function assertForwardsAgree(
  store: Store,
  oracle: MemoryStore,
  names: readonly string[],
  conversations: readonly string[],
): Promise<void> {
  const places = await Places.of(store);
  const expected = await oracle.forwards.statuses();
  assert.deepEqual(
    (await store.forwards.statuses()).map((each, at) => places.status(each, expected[at])),
    expected,
  );
  for (const name of names) {
    assert.deepEqual(
      (await store.forwards.held(name, conversations)).toSorted(),
      (await oracle.forwards.held(name, conversations)).toSorted(),
    );
    for (const limit of LIMITS) {
      await assertDueAgrees(store, oracle, places, name, limit);
      await assertDeadAgrees(store, oracle, places, name, limit);
    }
  }
  const all = Array.from({ length: places.count }, (_, at) => at + 1);
  const [actual, wanted] = await Promise.all([
    Promise.all(all.map((place) => store.forwards.unfinishedOf(places.numberOf(place)))),
    Promise.all(all.map((place) => oracle.forwards.unfinishedOf(place))),
  ]);
  assert.deepEqual(
    actual.map((rows) => rows.map((row) => places.row(row))),
    wanted,
  );
}

async function assertDueAgrees(
  store: Store,
  oracle: MemoryStore,
  places: Places,
  name: string,
  limit: number,
): Promise<void> {
  for (const nowMs of NOW_MS) {
    const { rows, nextMs } = await store.forwards.due(name, nowMs, limit);
    assert.deepEqual(
      { rows: rows.map((row) => places.row(row)), nextMs },
      await oracle.forwards.due(name, nowMs, limit),
      `${name}, ${limit} due at ${nowMs}`,
    );
  }
}

async function assertDeadAgrees(
  store: Store,
  oracle: MemoryStore,
  places: Places,
  name: string,
  limit: number,
): Promise<void> {
  const walk = async (forwards: ForwardStore): Promise<DeadLetter[]> => {
    const seen: DeadLetter[] = [];
    for (let more = true; more;) {
      const page = await forwards.dead(name, seen.at(-1)?.seq ?? 0, limit);
      assert.ok(page.length <= limit);
      seen.push(...page);
      more = page.length > 0;
    }
    return seen;
  };
  const actual = await walk(store.forwards);
  assert.deepEqual(
    actual.map((letter) => places.entry(letter)),
    await walk(oracle.forwards),
    name,
  );
}
