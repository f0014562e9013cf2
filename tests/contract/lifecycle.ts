// What a store promises of its life: what was acknowledged stays, closing loses nothing, and its state can be asked for.
import assert from 'node:assert/strict';
import type { MessageQuery } from '../../app/model/page.ts';
import { type Store, StoreUnavailable } from '../../app/storage/store.ts';
import { bounded } from '../support/bounded.ts';
import { assertFiguresAgree, assertPagesAgree, soonAndSettled } from './agreement.ts';
import {
  type Clause,
  type Engine,
  append,
  create,
  idsOf,
  list,
  message,
  messages,
  query,
  stream,
} from './engine.ts';
import { MemoryStore } from './oracle.ts';

const FILTERS: readonly Partial<MessageQuery>[] = [{}, { from: '+15550100' }, { text: 'hel' }];

/** All is as it was, after `restart` and the next open; and so it goes on. */
async function assertOutlives(
  engine: Engine,
  restart: (store: Store) => Promise<void>,
): Promise<void> {
  const oracle = new MemoryStore();
  let store = await engine.open();
  for (let round = 1; round <= 3; round += 1) {
    const group = messages(20, { from: `+1555010${round % 2}` });
    await create(store, group);
    await create(oracle, group);
    if (round === 2) await engine.settled(store);
    const before = await stream(store);
    await restart(store);
    store = await engine.open();
    const reopened = store;
    await soonAndSettled(engine, reopened, async () => {
      assert.deepEqual(await stream(reopened), before);
      await assertPagesAgree(reopened, oracle, FILTERS);
      await assertFiguresAgree(reopened, oracle, []);
    });
    assert.deepEqual(
      await append(store, ...group),
      group.map(() => 'duplicate'),
    );
    const { lastSeq } = await store.after(0, 0);
    assert.equal(lastSeq, before.at(-1)?.seq);
  }
}

export const LIFECYCLE: readonly Clause[] = [
  {
    name: 'keeps what it acknowledged, its order and its numbers, when it is closed and opened again',
    holds: (engine) => assertOutlives(engine, (store) => store.close()),
  },
  {
    name: 'keeps what it acknowledged when its process ends without closing it',
    holds: (engine) => assertOutlives(engine, () => engine.crash()),
  },
  {
    name: 'commits what it has when it closes, and takes no more from then on',
    holds: async (engine) => {
      const store = await engine.open();
      const sent = messages(50);
      const early = sent.slice(0, 40).map((each) => store.append([each]));
      const closed = store.close();
      const late = sent.slice(40).map((each) => store.append([each]));
      const outcomes = await bounded(Promise.all([...early, ...late]), () => 'what was appended');
      await bounded(closed, () => 'the end of closing');
      for (const [place, outcome] of outcomes.entries())
        assert.deepEqual(outcome, place < 40 ? ['created'] : { unavailable: 'shutting_down' });
      const reopened = await engine.open();
      assert.deepEqual(idsOf((await list(reopened)).data), idsOf(sent.slice(0, 40)));
    },
  },
  {
    name: 'says that it shuts down to whatever is asked of it once it is closed',
    holds: async (engine) => {
      const store = await engine.open();
      await create(store, [message()]);
      await store.close();
      assert.deepEqual(await store.append([message()]), { unavailable: 'shutting_down' });
      const range = { fromSeconds: 0, toSeconds: 60, stepSeconds: 60 };
      const reads = [
        () => store.page(query()),
        () => store.page(query({ text: 'a' })),
        () => store.stats(),
        () => store.timeline(range),
        () => store.after(0, 10),
      ];
      for (const read of reads)
        await assert.rejects(read(), (error) => {
          assert.ok(error instanceof StoreUnavailable);
          return error.reason === 'shutting_down';
        });
      assert.equal(await store.readGauges(), null);
      const { checks, reason } = await store.check();
      assert.notEqual(checks.store, null);
      assert.equal(reason, 'shutting_down');
    },
  },
  {
    name: 'can be closed twice, one call after the other or both at once',
    holds: async (engine) => {
      const store = await engine.open();
      await create(store, [message()]);
      const both = Promise.all([store.close(), store.close()]);
      await bounded(both, () => 'the end of closing twice');
      await bounded(store.close(), () => 'the end of closing once more');
      assert.equal((await list(await engine.open())).total, 1);
    },
  },
  {
    name: 'checks its parts, each by name, and has no reason to complain while all is well',
    holds: async (engine) => {
      const store = await engine.open();
      const well = {
        checks: { store: null, schema: null, writer: null, disk: null },
        reason: null,
      };
      assert.deepEqual(await store.check(), well);
      await Promise.all([
        create(store, messages(50)),
        store.check().then((health) => assert.deepEqual(health, well)),
      ]);
      assert.deepEqual(await store.check(), well);
    },
  },
  {
    name: 'has a value for each gauge that it describes, and none for any other',
    holds: async (engine) => {
      const store = await engine.open();
      await create(store, messages(3));
      const values = await store.readGauges();
      assert.ok(values);
      const names = store.gauges.map(({ name }) => name);
      assert.deepEqual([...values.keys()].toSorted(), names.toSorted());
      assert.equal(new Set(names).size, names.length);
      for (const { name, help } of store.gauges) {
        assert.match(name, /^[a-z][a-z0-9_]*$/);
        assert.match(help, /^[A-Z].*\.$/);
        assert.ok(Number.isFinite(values.get(name)), name);
      }
      assert.deepEqual([store.appendsWaiting, store.readsWaiting], [0, 0]);
    },
  },
];
