// What the two ends of a migration promise of items of named sources and of their deliveries.
import assert from 'node:assert/strict';
import type { NumberedItem } from '../../app/storage/migration.ts';
import { everything, fillItems } from './admin-archives.ts';
import { assertSound, imported, prune } from './admin-engine.ts';
import {
  EVERYTHING,
  type MoveClause,
  frozen,
  read,
  readDeliveries,
  withSource,
  withTarget,
} from './admin-moves.ts';
import { append, message } from './engine.ts';
import { delivery, eventItem, messageItem } from './items.ts';

const LARGE_UNITS = 3 * 1_048_576;

/** Posts with messages and events in turn, between messages of the default source. */
function posts(count: number) {
  return Array.from({ length: count }, (_, place) => {
    const of = delivery(place % 2 === 0 ? 'chat' : 'mail');
    return place % 5 === 4
      ? [message()]
      : [messageItem(of, `m${place}`, { from: `+${place % 3}` }), eventItem(of, `e${place}`)];
  });
}

export const ITEM_MOVES: readonly MoveClause[] = [
  {
    name: 'moves messages, events and deliveries under their numbers, and what is remembered of both',
    holds: async (from, to) => {
      const sent = posts(20);
      await fillItems(from, ...sent);
      await prune(from, { from: '+1' });
      await prune(from, { source: 'mail' });
      const all = await everything(from);
      await withSource(from, async (source) => {
        await frozen(source);
        await withTarget(to, async (target) => {
          const items = await read(source, 0, EVERYTHING, 1_000);
          const seqs = items.map(({ seq }) => seq);
          assert.deepEqual(
            seqs,
            seqs.toSorted((a, b) => a - b),
          );
          assert.equal(items.length, all.messages.length + all.events.length);
          for (const [limit, page] of [
            [1, items.slice(0, 1)],
            [3, items.slice(0, 3)],
          ] as const)
            assert.deepEqual(await read(source, 0, EVERYTHING, limit), page);
          await target.store(items.slice(0, 7));
          await target.store(items.slice(7));
          assert.deepEqual(await read(target, 0, EVERYTHING, 1_000), items);
          const deliveries = await readDeliveries(source, 3);
          assert.equal(deliveries.length, all.deliveries.length);
          await target.storeDeliveries(deliveries.slice(0, 3));
          await target.storeDeliveries(deliveries);
          assert.deepEqual(await readDeliveries(target, 100), deliveries);
          assert.deepEqual(await source.deliveries(deliveries[1]?.number ?? 0, 0, 9), []);
          await target.addTombstones(await source.tombstones(null, 1_000));
          await target.finish(await source.lastSeq());
        });
      });
      await imported(to, []);
      assert.deepEqual(await everything(to), all);
      await assertSound(to, all.messages.length, {
        events: all.events.length,
        deliveries: all.deliveries.length,
      });
      const store = await to.open();
      for (const items of sent)
        assert.deepEqual(new Set(await append(store, ...items)), new Set(['duplicate']));
      await store.close();
      await assertSound(to, all.messages.length, { events: all.events.length });
    },
  },
  {
    name: 'knows removed events apart from removed messages',
    holds: async (engine) => {
      const of = delivery();
      await fillItems(engine, [messageItem(of, 'same', { from: '+9' }), eventItem(of, 'same')]);
      const before = await withItems(engine);
      await prune(engine, { from: '+9' });
      await withSource(engine, async (source) => {
        const [one, other] = before;
        assert.ok(one && other);
        assert.equal(await source.areRemoved([one]), true);
        assert.equal(await source.areRemoved([other]), false);
        assert.equal((await source.tombstones(null, 10)).length, 1);
        const [left] = await read(source, 0, EVERYTHING, 10);
        assert.deepEqual(left, { ...other, delivery: null });
      });
    },
  },
  {
    name: 'changes in a target what was changed in the source since: removed items, deliveries, links to them',
    holds: async (from, to) => {
      const of = delivery();
      await fillItems(from, [messageItem(of, 'one'), eventItem(of, 'two'), eventItem(of, 'three')]);
      const items = await withItems(from);
      const [one, two, three] = items;
      assert.ok(one && two && three);
      await withTarget(to, async (target) => {
        await target.store(items);
        const stored = { ...of, number: 1 };
        await target.storeDeliveries([stored]);
        await target.remove([two]);
        assert.deepEqual(await read(target, 0, EVERYTHING, 10), [one, three]);
        assert.equal((await readDeliveries(target, 10)).length, 1);
        await target.removeDeliveries([1, 2]);
        assert.deepEqual(await readDeliveries(target, 10), []);
        const free = { ...one, delivery: null };
        await target.relink([free]);
        assert.deepEqual(await read(target, 0, EVERYTHING, 10), [free, three]);
        await target.storeDeliveries([stored]);
        await target.relink([one]);
        await target.remove([one, three]);
        // The last item takes the delivery along.
        assert.deepEqual(await readDeliveries(target, 10), []);
        await target.finish(3);
      });
      await imported(to, []);
      await assertSound(to, 0, { events: 0, deliveries: 0 });
    },
  },
  {
    name: 'reads large items and deliveries in pages that are bounded, and all of them',
    holds: async (engine) => {
      const payload = JSON.stringify('x'.repeat(LARGE_UNITS));
      const large = Array.from({ length: 3 }, (_, place) => {
        const of = delivery('chat', { body: Buffer.alloc(LARGE_UNITS, place) });
        return [messageItem(of, `m${place}`, { payload }), eventItem(of, `e${place}`, { payload })];
      });
      await fillItems(engine, ...large);
      await withSource(engine, async (source) => {
        const pages: (readonly NumberedItem[])[] = [];
        for (let after = 0; ;) {
          const page = await source.items(after, EVERYTHING, 100);
          if (page.length === 0) break;
          pages.push(page);
          after = page.at(-1)?.seq ?? EVERYTHING;
        }
        assert.deepEqual(
          pages.flat().map(({ seq }) => seq),
          [1, 2, 3, 4, 5, 6],
        );
        assert.ok(pages.length > 1);
        assert.ok((await source.deliveries(0, EVERYTHING, 100)).length < 3);
        assert.equal((await readDeliveries(source, 100)).length, 3);
      });
    },
  },
];

async function withItems(engine: Parameters<typeof fillItems>[0]): Promise<NumberedItem[]> {
  let items: NumberedItem[] = [];
  await withSource(engine, async (source) => {
    items = await read(source, 0, EVERYTHING, 1_000);
  });
  return items;
}
