// What the maintenance of a database promises of statistics, removal and checks.
import assert from 'node:assert/strict';
import { parseInstant } from '../../app/model/instant.ts';
import type { Selection } from '../../app/storage/admin.ts';
import {
  type AdminClause,
  NOTHING_SELECTED,
  assertSound,
  createAll,
  exported,
  fill,
  imported,
  patient,
  plain,
  prune,
  silently,
} from './admin-engine.ts';
import { append, list, message, messages, tsOf } from './engine.ts';
import { MemoryStore } from './oracle.ts';

const SENDERS = ['+1', '+2', '+3'];

/** So many messages, one a second, of three senders in turn. */
function mixed(count: number) {
  return Array.from({ length: count }, (_, place) =>
    message({ from: SENDERS[place % 3] ?? '', ts: tsOf(place), text: `Needle ${place}` }),
  );
}

const SELECTIONS: readonly { readonly name: string; readonly selection: Partial<Selection> }[] = [
  { name: 'by age', selection: { before: parseInstant(tsOf(100)) } },
  { name: 'by sender', selection: { from: '+2' } },
  { name: 'by both', selection: { before: parseInstant(tsOf(100)), from: '+2' } },
];

const REMOVES: readonly AdminClause[] = SELECTIONS.map(({ name, selection }) => ({
  name: `removes what is selected ${name}, as many as it counted, and nothing else; a removed id stays known`,
  holds: async (engine) => {
    const { before, from } = { ...NOTHING_SELECTED, ...selection };
    const all = mixed(300);
    const isSelected = (each: { from: string }, place: number): boolean =>
      (before === null || place < 100) && (from === null || each.from === from);
    const gone = all.filter(isSelected);
    const rest = all.filter((each, place) => !isSelected(each, place));
    await fill(engine, all);
    const admin = await engine.admin();
    const counted = async () => admin.countPrunable({ ...NOTHING_SELECTED, ...selection });
    assert.deepEqual(await counted(), { messages: gone.length, events: 0 });
    assert.equal((await prune(engine, selection)).removed, gone.length);
    assert.deepEqual(await counted(), { messages: 0, events: 0 });
    assert.equal((await prune(engine, selection)).removed, 0);
    assert.deepEqual(plain(await exported(engine)), rest);
    await assertSound(engine, rest.length);
    assert.deepEqual((await admin.stats()).stats, await new MemoryStore([...rest]).stats());
    assert.deepEqual(
      await imported(engine, all),
      all.map(() => 'duplicate'),
    );
    const store = await engine.open();
    assert.deepEqual(
      await append(store, ...all),
      all.map(() => 'duplicate'),
    );
    assert.deepEqual((await list(store, { limit: 300 })).data, rest);
    assert.deepEqual((await list(store, { limit: 300, text: 'needle' })).data, rest);
  },
}));

export const UPKEEP: readonly AdminClause[] = [
  {
    name: 'shows the statistics that a store shows, with its gauges, also beside it',
    holds: async (engine) => {
      const store = await engine.open();
      const admin = await engine.admin();
      for (const group of [[], mixed(50)]) {
        await createAll(store, group);
        const { stats, gauges, lastSeq } = await admin.stats();
        assert.deepEqual(stats, await store.stats());
        assert.equal(lastSeq, (await store.after(0, 0)).lastSeq);
        const described = store.gauges.map(({ name }) => name);
        for (const [name, value] of gauges) {
          assert.ok(described.includes(name), name);
          assert.ok(Number.isFinite(value), name);
        }
      }
      const { lastSeq } = await admin.stats();
      await store.close();
      assert.equal((await admin.stats()).lastSeq, lastSeq);
    },
  },
  {
    name: 'changes nothing when it counts, checks, exports and shows statistics',
    holds: async (engine) => {
      await fill(engine, mixed(30));
      const admin = await engine.admin();
      const before = await exported(engine);
      const { lastSeq } = await admin.stats();
      await admin.countPrunable({ ...NOTHING_SELECTED, from: '+1' });
      await assertSound(engine, 30);
      assert.deepEqual(await exported(engine), before);
      assert.equal((await admin.stats()).lastSeq, lastSeq);
    },
  },
  ...REMOVES,
  {
    name: 'removes beside an open store, which lists the messages no longer and numbers on',
    holds: async (engine) => {
      const store = await engine.open();
      const all = mixed(30);
      await createAll(store, all);
      const { lastSeq } = await store.after(0, 0);
      assert.equal((await prune(engine, { before: parseInstant(tsOf(30)) })).removed, 30);
      assert.equal((await list(store)).total, 0);
      assert.equal((await store.stats()).total_messages, 0);
      assert.deepEqual((await store.after(0, 10)).entries, []);
      await createAll(store, [message()]);
      assert.ok((await store.after(0, 0)).lastSeq > lastSeq);
      assert.deepEqual(await append(store, ...all.slice(0, 2)), ['duplicate', 'duplicate']);
    },
  },
  {
    name: 'keeps the rest when it rewrites everything after a removal',
    holds: async (engine) => {
      const all = mixed(300);
      await fill(engine, all);
      const pruned = await prune(engine, { from: '+1' }, true);
      assert.equal(pruned.removed, 100);
      assert.ok(pruned.bytesBefore > 0 && pruned.bytesAfter > 0);
      const rest = all.filter(({ from }) => from !== '+1');
      assert.deepEqual(plain(await exported(engine)), rest);
      await assertSound(engine, rest.length);
    },
  },
  {
    name: 'reports how many it has removed by then',
    holds: async (engine) => {
      await fill(engine, mixed(300));
      const reports: number[] = [];
      await (
        await engine.admin()
      ).prune(
        { ...NOTHING_SELECTED, from: '+1' },
        { vacuum: false, signal: patient() },
        (stage, done) => stage === 'removing' && reports.push(done),
      );
      assert.equal(reports.at(-1), 100);
      assert.deepEqual(
        reports,
        reports.toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: 'stops a removal when it is told to: what is removed stays removed, and the rest can be removed later',
    holds: async (engine) => {
      const all = messages(2_000);
      await fill(engine, all);
      const admin = await engine.admin();
      const everything = { ...NOTHING_SELECTED, from: '+15550100' };
      const stop = new AbortController();
      const stopped = admin.prune(everything, { vacuum: false, signal: stop.signal }, () =>
        stop.abort(),
      );
      await assert.rejects(stopped);
      const { messages: left } = await admin.countPrunable(everything);
      assert.ok(left < all.length);
      await assertSound(engine, left);
      assert.equal((await prune(engine, everything)).removed, left);
      await assertSound(engine, 0);
      assert.deepEqual(
        await imported(engine, all),
        all.map(() => 'duplicate'),
      );
    },
  },
  {
    name: 'stops a check when it is told to',
    holds: async (engine) => {
      await fill(engine, mixed(30));
      const admin = await engine.admin();
      for (const depth of ['quick', 'full'] as const)
        await assert.rejects(admin.check(depth, AbortSignal.abort(), silently));
      await assertSound(engine, 30);
    },
  },
  {
    name: 'finds nothing wrong with a database, whatever was done to it',
    holds: async (engine) => {
      await fill(engine, mixed(60));
      await imported(engine, mixed(60));
      await prune(engine, { from: '+3' });
      await fill(engine, mixed(60));
      await assertSound(engine, 140);
      await (await engine.admin()).repair(silently);
      await assertSound(engine, 140);
      await prune(engine, { before: parseInstant(tsOf(30)) }, true);
      // Of each sixty, the first thirty; and of the first two sixties, ten of the others were of the third sender.
      await assertSound(engine, 70);
      await fill(engine, []);
      await assertSound(engine, 70);
    },
  },
  {
    name: 'finds nothing wrong with a database that a store writes to',
    holds: async (engine) => {
      const store = await engine.open();
      await createAll(store, mixed(500));
      const admin = await engine.admin();
      const checked = admin.check('full', patient(), silently);
      await createAll(store, mixed(500));
      const { findings, sound, messages: counted } = await checked;
      assert.deepEqual(
        findings.flatMap(({ problems }) => problems),
        [],
      );
      assert.ok(sound);
      assert.ok(counted !== null && counted >= 500 && counted <= 1_000, String(counted));
    },
  },
];
