// What the source of a migration promises: everything is read by its number, beside a store, and finally without one.
import assert from 'node:assert/strict';
import { createAll, exported, fill, plain, prune } from './admin-engine.ts';
import {
  type MoveClause,
  EVERYTHING,
  frozen,
  numbered,
  read,
  takes,
  withSource,
} from './admin-moves.ts';
import { messages, stream } from './engine.ts';

export const SOURCES: readonly MoveClause[] = [
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
        const removed = numbered(
          all.map((_, place) => place),
          all,
        );
        assert.equal(await source.areRemoved(removed), true);
        assert.equal(await source.areRemoved([]), true);
        assert.equal(await source.areRemoved([...removed, ...numbered([21])]), false);
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
];
