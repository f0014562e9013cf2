// What a store promises of the entries that a destination has not finished.
import assert from 'node:assert/strict';
import { type Clause, create } from './engine.ts';
import { assertForwardsAgree } from './forward-agreement.ts';
import {
  NAME,
  TALK,
  change,
  dead,
  dueNumbers,
  opened,
  retrying,
  waiting,
} from './forward-changes.ts';
import { Places } from './forward-places.ts';
import { delivery, eventItem } from './items.ts';
import { MemoryStore } from './oracle.ts';

export const ROWS: readonly Clause[] = [
  {
    name: 'has rows due in the order of their times and numbers, and says when the next one is',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 5);
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = numbers;
      const rows = [retrying(a, 30), retrying(b, 20), retrying(c, 30), dead(d), waiting(e)];
      await forwards.record(NAME, change(e, { put: rows }));
      const [first, second, third] = rows;
      assert.deepEqual(await forwards.due(NAME, 19, 9), { rows: [], nextMs: 20 });
      assert.deepEqual(await forwards.due(NAME, 20, 9), { rows: [second], nextMs: 30 });
      assert.deepEqual(await forwards.due(NAME, 30, 2), { rows: [second, first], nextMs: 30 });
      assert.deepEqual(await forwards.due(NAME, 30, 3), {
        rows: [second, first, third],
        nextMs: null,
      });
      assert.deepEqual(await forwards.held(NAME, [TALK, 'other']), [TALK]);
    },
  },
  {
    name: 'releases the first that waits of a conversation, unless another is to be retried',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 4);
      const [a = 0, b = 0, c = 0, d = 0] = numbers;
      const put = [waiting(d), retrying(a, 20), waiting(c), waiting(b, 'other')];
      await forwards.record(NAME, change(d, { put }));
      await forwards.record(NAME, change(d, { release: [TALK] }));
      assert.deepEqual(await dueNumbers(forwards, 1_000), [a]);
      const over = change(d, { remove: [a], release: [TALK], nowMs: 500, delivered: 1 });
      // Its result may be lost: then it comes again.
      for (let times = 0; times < 2; times += 1) await forwards.record(NAME, over);
      const first = { ...waiting(c), state: 'retry' as const, dueMs: 500 };
      assert.deepEqual(await forwards.due(NAME, 500, 9), { rows: [first], nextMs: null });
      assert.deepEqual(await forwards.held(NAME, [TALK, 'other']), [TALK, 'other']);
    },
  },
  {
    name: 'has dead letters attempted as if they never had been, those of a conversation one after another',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 5);
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = numbers;
      const put = [dead(a), dead(b), dead(c, { conversation: null }), dead(d), waiting(e)];
      await forwards.record(NAME, change(e, { put }));
      const letters = await forwards.dead(NAME, 0, 9);
      assert.deepEqual(
        letters.map(({ seq }) => seq),
        [a, b, c, d],
      );
      assert.deepEqual(
        (await forwards.dead(NAME, a, 2)).map(({ seq }) => seq),
        [b, c],
      );
      const ids = [letters[0]?.id ?? '', letters[1]?.id ?? '', letters[2]?.id ?? '', 'no such id'];
      assert.equal(await forwards.retry(NAME, { ids }, 70), 3);
      assert.equal(await forwards.retry(NAME, { ids }, 71), 0);
      const never = { attempts: 0, firstMs: null, lastMs: null, error: null, dueMs: 70 };
      assert.deepEqual((await forwards.due(NAME, 70, 9)).rows, [
        { ...dead(a), state: 'retry', ...never },
        { ...dead(c, { conversation: null }), state: 'retry', ...never },
      ]);
      const next = change(e, { remove: [a], release: [TALK], nowMs: 80 });
      await forwards.record(NAME, next);
      assert.deepEqual(await dueNumbers(forwards, 80), [c, b]);
      assert.equal(await forwards.discard(NAME, 'all'), 1);
      const discarded = { ...dead(d), state: 'discarded' as const, conversation: null };
      assert.deepEqual(await forwards.unfinishedOf(d), [{ name: NAME, ...discarded }]);
      assert.deepEqual(await forwards.dead(NAME, 0, 9), []);
      assert.equal(await forwards.discard(NAME, 'all'), 0);
      // It holds nothing of its conversation back, and is sent again where that is asked for.
      await forwards.record(NAME, change(e, { remove: [b, c, e], release: [TALK] }));
      assert.deepEqual(await forwards.held(NAME, [TALK]), []);
      assert.equal(await forwards.replay(NAME, [{ seq: d, conversation: TALK }], 90), 1);
      assert.deepEqual(await dueNumbers(forwards, 90), [d]);
    },
  },
  {
    name: 'sends again what is finished or dead, and leaves what is sent anyway',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 6);
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
      const put = [retrying(a, 20, { conversation: 'other' }), dead(b)];
      await forwards.record(NAME, change(d, { put, finished: [f] }));
      const all = numbers.map((seq) => ({ seq, conversation: seq === c ? null : TALK }));
      assert.equal(await forwards.replay(NAME, all, 90), 4);
      assert.deepEqual(await dueNumbers(forwards, 90), [a, b, c]);
      assert.deepEqual(
        (await forwards.unfinishedOf(b)).map(({ attempts, error }) => [attempts, error]),
        [[0, null]],
      );
      assert.deepEqual(await forwards.unfinishedOf(e), []);
      assert.deepEqual(await forwards.unfinishedOf(f), [{ name: NAME, ...waiting(f) }]);
      assert.equal(await forwards.replay(NAME, all, 95), 0);
    },
  },
  {
    name: 'counts what a destination has not finished, and says since when and what was said of it',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const items = [1, 2, 3, 4, 5].map((at) => eventItem(delivery(), `counted ${at}`));
      for (const each of [store, oracle]) {
        await create(each, items);
        await each.forwards.lease(NAME);
        await each.forwards.open(NAME, 'item', 'beginning');
      }
      const report = {
        state: 'slowed' as const,
        reason: 'it answers "503"',
        lastError: 'answered 503',
        lastErrorAt: '2025-01-15T10:00:00.000Z',
        ratePerSecond: 1.5,
        at: '2025-01-15T10:00:01.000Z',
      };
      const places = await Places.of(store);
      for (const part of [
        change(1, { delivered: 4 }),
        change(4, { put: [dead(1), retrying(3, 9), waiting(4)], finished: [5], delivered: 2 }),
        change(4, { remove: [3], release: [TALK], finished: [5] }),
        change(5, { remove: [4] }),
      ]) {
        await oracle.forwards.record(NAME, part);
        await store.forwards.record(NAME, places.change(part));
        for (const each of [store, oracle]) await each.forwards.report(NAME, report);
        await assertForwardsAgree(store, oracle, [NAME], [TALK]);
      }
      assert.deepEqual((await store.forwards.statuses())[0]?.report, report);
      assert.equal((await store.forwards.statuses())[0]?.oldest, null);
    },
  },
];
