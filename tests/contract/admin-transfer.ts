// What the maintenance of a database promises of export and import: order, filters, everything exactly once.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import { compareOrder } from '../../app/model/order.ts';
import type { ExportFilter } from '../../app/storage/archive.ts';
import {
  ALL,
  type AdminClause,
  assertSound,
  createAll,
  exported,
  fill,
  imported,
  patient,
  plain,
  silently,
} from './admin-engine.ts';
import { append, idsOf, keyOf, list, message, messages, tsOf } from './engine.ts';
import { MemoryStore } from './oracle.ts';

const FILTERS: readonly Partial<ExportFilter>[] = [
  {},
  { from: '+2' },
  { from: '+999' },
  { since: parseInstant(tsOf(40)) },
  { until: parseInstant(tsOf(40)) },
  { since: parseInstant(tsOf(40)), until: parseInstant(tsOf(41)) },
  { since: parseInstant(tsOf(41)), until: parseInstant(tsOf(40)) },
  { text: 'ÉTÉ' },
  { text: 'e 1' },
  { text: '%' },
  { text: 'absent' },
  { from: '+1', text: 'needle' },
  { from: '+2', since: parseInstant(tsOf(20)), until: parseInstant(tsOf(60)), text: 'n' },
];

/** More than an engine reads at once. */
const MANY = 3_000;

/** How often messages are added while an export runs: it would not end if each chunk led to another. */
const ADDED_MAX = 3;

export const TRANSFER: readonly AdminClause[] = [
  {
    name: 'exports what a filter selects, in the order of the list, and no message twice',
    holds: async (engine) => {
      const all = Array.from({ length: 200 }, (_, place) =>
        message({
          from: `+${1 + (place % 3)}`,
          ts: tsOf((place * 37) % 80).replace('Z', place % 2 === 0 ? 'Z' : '.000000001Z'),
          text: place % 5 === 0 ? null : `Needle ${place} ${place % 3 === 0 ? 'été' : '100 %'}`,
        }),
      );
      await fill(engine, all);
      const oracle = new MemoryStore([...all]);
      for (const { until = null, ...filter } of FILTERS) {
        const { data } = await list(oracle, { ...filter, limit: all.length });
        const end = until === null ? null : { ...until, messageId: '' };
        const expected = data.filter((each) => end === null || compareOrder(keyOf(each), end) < 0);
        const actual = await exported(engine, { ...filter, until });
        assert.deepEqual(plain(actual), expected, JSON.stringify({ ...filter, until }));
      }
    },
  },
  {
    name: 'exports nothing of a database without messages',
    holds: async (engine) => {
      await fill(engine, []);
      assert.deepEqual(await exported(engine), []);
      assert.deepEqual(await exported(engine, { from: '+1', text: 'a' }), []);
    },
  },
  {
    name: 'exports with each message when it arrived',
    holds: async (engine) => {
      const start = new Date().toISOString();
      await fill(engine, messages(3));
      const end = new Date().toISOString();
      for (const { created_at } of await exported(engine)) {
        assert.equal(new Date(created_at).toISOString(), created_at);
        assert.ok(created_at >= start && created_at <= end, created_at);
      }
    },
  },
  {
    name: 'exports what was there exactly once while a store takes more',
    holds: async (engine) => {
      const store = await engine.open();
      const before = messages(MANY);
      await createAll(store, before);
      const admin = await engine.admin();
      const seen: string[] = [];
      let added = 0;
      for await (const chunk of admin.exportMessages(ALL)) {
        seen.push(...idsOf(chunk));
        added += 1;
        // At the start, where it is never ahead of the export; and at the end, where it may come.
        if (added <= ADDED_MAX)
          await createAll(store, [message({ ts: tsOf(0) }), message({ ts: tsOf(86_399) })]);
      }
      assert.equal(new Set(seen).size, seen.length);
      const ids = new Set(idsOf(before));
      assert.deepEqual(
        seen.filter((id) => ids.has(id)),
        [...ids],
      );
    },
  },
  {
    name: 'lets an export end early, and works on',
    holds: async (engine) => {
      await fill(engine, messages(MANY));
      const admin = await engine.admin();
      const chunks = admin.exportMessages(ALL)[Symbol.asyncIterator]();
      const { done } = await chunks.next();
      assert.notEqual(done, true);
      await chunks.return?.();
      await fill(engine, messages(1));
      assert.equal((await exported(engine)).length, MANY + 1);
    },
  },
  {
    name: 'imports into a database that is not there yet, for its store to find',
    holds: async (engine) => {
      const all = messages(20, { text: 'Needle' });
      assert.deepEqual(
        await imported(engine, all),
        all.map(() => 'created'),
      );
      await assertSound(engine, 20);
      const store = await engine.open();
      assert.deepEqual((await list(store)).data, all);
      assert.equal((await list(store, { text: 'needle' })).total, 20);
      assert.deepEqual(
        await append(store, ...all),
        all.map(() => 'duplicate'),
      );
    },
  },
  {
    name: 'imports each message exactly once, and says what became of each: the first write wins',
    holds: async (engine) => {
      const [stored, fresh, twice] = [message(), message(), message()];
      await fill(engine, [stored]);
      const batch = [
        stored,
        { ...stored, text: 'other' },
        fresh,
        twice,
        twice,
        { ...twice, to: '+1' },
      ];
      const outcomes = ['duplicate', 'conflict', 'created', 'created', 'duplicate', 'conflict'];
      assert.deepEqual(await imported(engine, batch), outcomes);
      const again = ['duplicate', 'conflict', 'duplicate', 'duplicate', 'duplicate', 'conflict'];
      assert.deepEqual(await imported(engine, batch), again);
      assert.deepEqual(await imported(engine, []), []);
      assert.deepEqual(plain(await exported(engine)), [stored, fresh, twice]);
      await assertSound(engine, 3);
    },
  },
  {
    name: 'keeps when an imported message first arrived; one that does not say arrives now',
    holds: async (engine) => {
      const old = '2001-02-03T04:05:06.789Z';
      const [first, second] = messages(2);
      assert.ok(first && second);
      const start = new Date().toISOString();
      await imported(engine, [first, second], [old, null]);
      // A duplicate changes nothing.
      await imported(engine, [first, second], [null, old]);
      const times = (await exported(engine)).map(({ created_at }) => created_at);
      assert.equal(times[0], old);
      assert.ok(times[1] !== undefined && times[1] >= start);
    },
  },
  {
    name: 'imports beside an open store, which shows it, numbers on and knows its ids',
    holds: async (engine) => {
      const store = await engine.open();
      const [before, between, after] = messages(3);
      assert.ok(before && between && after);
      await createAll(store, [before]);
      assert.deepEqual(await imported(engine, [before, between]), ['duplicate', 'created']);
      await createAll(store, [after]);
      assert.deepEqual(await append(store, between), ['duplicate']);
      const { entries } = await store.after(0, 10);
      assert.deepEqual(
        entries.map(({ json }) => JSON.parse(json) as unknown),
        [before, between, after],
      );
      assert.deepEqual((await list(store)).data, [before, between, after]);
    },
  },
  {
    name: 'stops bringing the index up to date when it is told to, and continues later',
    holds: async (engine) => {
      const bulk = await (await engine.admin()).openImport();
      const store = async (): Promise<unknown> => {
        const batch = messages(100, { text: 'Needle' });
        return bulk.store(
          batch,
          batch.map(() => null),
        );
      };
      try {
        await store();
        assert.ok(bulk.batchMessages > 0);
        await assert.rejects(bulk.updateLists(AbortSignal.abort()));
        await bulk.updateLists(patient());
        await store();
        await assert.rejects(bulk.updateSearch(AbortSignal.abort(), silently));
        await bulk.updateSearch(patient(), silently);
      } finally {
        bulk.close();
      }
      assert.equal((await exported(engine, { text: 'needle' })).length, 200);
      await assertSound(engine, 200);
    },
  },
];
