// What the target of a migration promises: everything has its number there, and no store opens it before the end.
import assert from 'node:assert/strict';
import { assertSound, createAll, exported, fill, imported, plain, prune } from './admin-engine.ts';
import {
  type MoveClause,
  EVERYTHING,
  frozen,
  numbered,
  read,
  takes,
  withSource,
  withTarget,
} from './admin-moves.ts';
import { append, message, messages, stream } from './engine.ts';

export const TARGETS: readonly MoveClause[] = [
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
