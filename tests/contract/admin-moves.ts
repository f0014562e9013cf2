// What the two ends of a migration promise: everything is read by its number, and written so that no service opens it before the end.
import assert from 'node:assert/strict';
import type {
  MigrationEnd,
  MigrationSource,
  MigrationTarget,
  NumberedMessage,
} from '../../app/storage/migration.ts';
import type { Store } from '../../app/storage/store.ts';
import {
  type AdminEngine,
  assertSound,
  createAll,
  exported,
  fill,
  imported,
  plain,
  prune,
} from './admin-engine.ts';
import { append, message, messages, stream } from './engine.ts';

/** A promise of the two ports of a migration, with a database for each end. */
interface MoveClause {
  readonly name: string;
  readonly holds: (source: AdminEngine, target: AdminEngine) => Promise<void>;
}

/** Messages as a source has them, under the numbers that are given. */
function numbered(seqs: readonly number[]): NumberedMessage[] {
  return messages(seqs.length).map((each, place) => ({
    ...each,
    seq: seqs[place] ?? 0,
    created_at: `2024-01-01T00:00:${String(place % 60).padStart(2, '0')}.000Z`,
  }));
}

async function withSource(
  engine: AdminEngine,
  work: (source: MigrationSource) => Promise<void>,
): Promise<void> {
  const source = await (await engine.admin()).openSource();
  try {
    await work(source);
  } finally {
    await source.close();
    await source.close();
  }
}

async function withTarget(
  engine: AdminEngine,
  work: (target: MigrationTarget) => Promise<void>,
): Promise<void> {
  const target = await (await engine.admin()).openTarget();
  try {
    await work(target);
  } finally {
    await target.close();
    await target.close();
  }
}

/** Reads messages as plain objects, every field by name. */
async function read(
  end: MigrationEnd,
  after: number,
  upTo: number,
  limit: number,
): Promise<NumberedMessage[]> {
  const found = await end.messages(after, upTo, limit);
  return found.map(({ seq, message_id, from, to, ts, text, created_at }) => ({
    seq,
    message_id,
    from,
    to,
    ts,
    text,
    created_at,
  }));
}

/** A lock that another process has is waited for, as one that was just released may be. */
async function frozen(source: MigrationSource): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await source.freeze())) assert.ok(performance.now() < end, 'it is never frozen');
}

/** Whether a store can be opened, and takes a message. */
async function takes(engine: AdminEngine): Promise<boolean> {
  let store: Store;
  try {
    store = await engine.open();
  } catch {
    return false;
  }
  const outcomes = await store.append([message()]);
  await store.close();
  return !('unavailable' in outcomes);
}

const EVERYTHING = Number.MAX_SAFE_INTEGER;

export const MOVES: readonly MoveClause[] = [
  {
    name: 'reads messages by their numbers, with when they arrived, also beside an open store',
    holds: async (engine) => {
      const store = await engine.open();
      const all = messages(25);
      await createAll(store, all);
      await prune(engine, { before: { seconds: 1_736_935_205, nanos: 0 } });
      const entries = await stream(store);
      await withSource(engine, async (source) => {
        assert.equal(await source.lastSeq(), 25);
        const found = await read(source, 0, EVERYTHING, 100);
        assert.deepEqual(
          found.map(({ seq }) => seq),
          entries.map(({ seq }) => seq),
        );
        assert.deepEqual(plain(found), all.slice(5));
        const arrivals = (await exported(engine)).map(({ created_at }) => created_at);
        assert.deepEqual(
          found.map(({ created_at }) => created_at),
          arrivals,
        );
        assert.deepEqual(await read(source, 0, EVERYTHING, 7), found.slice(0, 7));
        assert.deepEqual(await read(source, 10, 20, 100), found.slice(5, 15));
        assert.deepEqual(await read(source, 10, 20, 3), found.slice(5, 8));
        assert.deepEqual(await read(source, 25, EVERYTHING, 100), []);
      });
    },
  },
  {
    name: 'reads what is remembered of removed messages, each once, in the order of bytes',
    holds: async (engine) => {
      const all = messages(20);
      await fill(engine, all);
      await prune(engine, { from: '+15550100' });
      await withSource(engine, async (source) => {
        const hashes = await source.tombstones(null, 100);
        assert.equal(hashes.length, 20);
        const sorted = hashes.toSorted((a, b) => Buffer.compare(a, b));
        assert.deepEqual(hashes, sorted);
        assert.deepEqual(await source.tombstones(null, 3), hashes.slice(0, 3));
        assert.deepEqual(await source.tombstones(hashes[2] ?? null, 4), hashes.slice(3, 7));
        assert.deepEqual(await source.tombstones(hashes[19] ?? null, 4), []);
        const ids = all.map(({ message_id }) => message_id);
        assert.equal(await source.areRemoved(ids), true);
        assert.equal(await source.areRemoved([]), true);
        assert.equal(await source.areRemoved([...ids, 'another']), false);
      });
    },
  },
  {
    name: 'freezes a source once no store is open, until it is closed',
    holds: async (engine) => {
      const store = await engine.open();
      await createAll(store, messages(3));
      await withSource(engine, async (source) => {
        // A store may take a moment to show that it is there.
        await new Promise((resolve) => setTimeout(resolve, 500));
        assert.equal(await source.freeze(), false);
        await createAll(store, messages(1));
        await store.close();
        await frozen(source);
        await frozen(source);
        assert.equal((await read(source, 0, EVERYTHING, 10)).length, 4);
        assert.equal(await takes(engine), false);
        assert.equal(await source.lastSeq(), 4);
      });
      assert.equal(await takes(engine), true);
    },
  },
  {
    name: 'moves everything: numbers, arrivals, removed ids, and the number that comes next',
    holds: async (from, to) => {
      const all = messages(600, { text: 'x\0 Été 🎈' });
      await fill(from, all);
      await prune(from, { before: { seconds: 1_736_935_210, nanos: 0 } });
      const last = message({ from: '+9' });
      await fill(from, [last]);
      await prune(from, { from: '+9' });
      await withSource(from, async (source) => {
        await frozen(source);
        await withTarget(to, async (target) => {
          assert.equal(await target.lastSeq(), 0);
          const found = await read(source, 0, EVERYTHING, 1_000);
          await target.store(found.slice(0, 100));
          await target.store(found.slice(100));
          assert.deepEqual(await read(target, 0, EVERYTHING, 1_000), found);
          await target.addTombstones(await source.tombstones(null, 1_000));
          await target.addTombstones(await source.tombstones(null, 1_000));
          assert.deepEqual(
            await target.tombstones(null, 1_000),
            await source.tombstones(null, 1_000),
          );
          await target.finish(await source.lastSeq());
        });
      });
      assert.deepEqual(await exported(to), await exported(from));
      await assertSound(to, 590);
      const store = await to.open();
      const fresh = message();
      const outcomes = await append(store, all[0] ?? fresh, all[20] ?? fresh, last, fresh);
      assert.deepEqual(outcomes, ['duplicate', 'duplicate', 'duplicate', 'created']);
      const [entry] = (await stream(store)).slice(-1);
      assert.deepEqual(entry?.message, fresh);
      // Numbers may be left out.
      assert.ok(entry.seq > 601);
      await store.close();
      await imported(to, []);
      await assertSound(to, 591);
    },
  },
  {
    name: 'keeps numbers with wide gaps',
    holds: async (_, engine) => {
      const all = numbered([5, 6, 70_000, 1_700_000_000_000, 1_700_000_000_001]);
      await withTarget(engine, async (target) => {
        await target.store(all);
        assert.deepEqual(await read(target, 0, EVERYTHING, 10), all);
        assert.deepEqual(await read(target, 6, 1_700_000_000_000, 10), all.slice(2, 4));
        await target.finish(1_700_000_900_000);
      });
      await imported(engine, []);
      await assertSound(engine, 5);
      const store = await engine.open();
      await createAll(store, [message()]);
      assert.equal((await stream(store)).at(-1)?.seq, 1_700_000_900_001);
    },
  },
  {
    name: 'goes on with a target that was left, and stores a chunk whole or not at all',
    holds: async (_, engine) => {
      const all = numbered([1, 2, 3, 5, 6]);
      await withTarget(engine, (target) => target.store(all.slice(0, 2)));
      await withTarget(engine, async (target) => {
        assert.equal(await target.lastSeq(), 2);
        const [third, fourth] = all.slice(2);
        assert.ok(third && fourth);
        const twice = { ...fourth, message_id: third.message_id };
        await assert.rejects(target.store([third, twice]));
        assert.equal(await target.lastSeq(), 2);
        await target.store(all.slice(2));
        assert.deepEqual(await read(target, 0, EVERYTHING, 10), all);
        await target.finish(6);
      });
      assert.deepEqual(plain(await exported(engine)), plain(all));
    },
  },
  {
    name: 'opens no store on a target before the end, and no target that has messages',
    holds: async (_, engine) => {
      await withTarget(engine, async (target) => {
        await target.store(numbered([1, 2]));
        const admin = await engine.admin();
        await assert.rejects(admin.stats());
        await assert.rejects(admin.openSource());
        await target.finish(2);
      });
      const admin = await engine.admin();
      assert.equal((await admin.stats()).lastSeq, 2);
      await assert.rejects(admin.openTarget(), { code: 'name_taken' });
      assert.equal(await takes(engine), true);
      await assert.rejects(admin.openTarget(), { code: 'name_taken' });
      await assertSound(engine, 3);
    },
  },
  {
    name: 'removes from a target what the source has removed since',
    holds: async (_, engine) => {
      const all = numbered([1, 2, 3, 4]);
      await withTarget(engine, async (target) => {
        await target.store(all);
        await target.remove(all.slice(1, 3));
        await target.remove(all.slice(3));
        assert.deepEqual(await read(target, 0, EVERYTHING, 10), all.slice(0, 1));
        assert.equal((await target.tombstones(null, 10)).length, 3);
        await target.finish(4);
      });
      await imported(engine, []);
      await assertSound(engine, 1);
      assert.deepEqual(
        await imported(engine, plain(all)),
        all.map(() => 'duplicate'),
      );
    },
  },
];
