// What a store promises of forwarding: what there is to forward, how far each destination is, and what it has not finished.
import assert from 'node:assert/strict';
import { CONTENTS_BYTES_MAX } from '../../app/model/forward.ts';
import {
  type ForwardChange,
  type ForwardStore,
  type Store,
  StoreUnavailable,
  type Unfinished,
} from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import { type Clause, append, create, message, messages } from './engine.ts';
import {
  Places,
  assertEntriesAgree,
  assertForwardsAgree,
  contentsOf,
} from './forward-agreement.ts';
import { delivery, eventItem, messageItem } from './items.ts';
import { MemoryStore } from './oracle.ts';

const NAME = 'app';
const TALK = 'chat +15550100';

/** A change that changes nothing of a destination at the position. */
function change(position: number, overrides: Partial<ForwardChange> = {}): ForwardChange {
  return {
    position,
    finished: [],
    put: [],
    remove: [],
    release: [],
    wakeSinceMs: null,
    nowMs: 100,
    delivered: 0,
    ...overrides,
  };
}

function retrying(seq: number, dueMs: number, overrides: Partial<Unfinished> = {}): Unfinished {
  return {
    seq,
    state: 'retry',
    conversation: TALK,
    attempts: 1,
    firstMs: 10,
    lastMs: 10,
    dueMs,
    error: 'answered 500',
    ...overrides,
  };
}

function waiting(seq: number, conversation = TALK): Unfinished {
  const never = { attempts: 0, firstMs: null, lastMs: null, dueMs: null, error: null };
  return { seq, state: 'waiting', conversation, ...never };
}

function dead(seq: number, overrides: Partial<Unfinished> = {}): Unfinished {
  return { ...retrying(seq, 0), state: 'dead', dueMs: null, attempts: 7, ...overrides };
}

/** Opens a destination of mode `item` that has read `count` new messages; their numbers. */
async function opened(
  store: Store,
  count: number,
): Promise<{ readonly forwards: ForwardStore; readonly numbers: readonly number[] }> {
  await create(store, messages(count));
  const { forwards } = store;
  assert.equal(await forwards.lease(NAME), true);
  await forwards.open(NAME, 'item', 'beginning');
  const places = await Places.of(store);
  const numbers = Array.from({ length: count }, (_, at) => places.numberOf(at + 1));
  await forwards.record(NAME, change(numbers.at(-1) ?? 0));
  return { forwards, numbers };
}

async function dueNumbers(forwards: ForwardStore, nowMs: number): Promise<number[]> {
  return (await forwards.due(NAME, nowMs, 100)).rows.map(({ seq }) => seq);
}

const POSITIONS: readonly Clause[] = [
  {
    name: 'begins a destination after everything that is stored, or at the beginning, and goes on from where it was',
    holds: async (engine) => {
      let store = await engine.open();
      await create(store, messages(3));
      const places = await Places.of(store);
      const last = places.numberOf(3);
      for (const [name, start, position] of [
        ['now', 'now', last],
        ['all', 'beginning', 0],
      ] as const) {
        await store.forwards.lease(name);
        assert.deepEqual(await store.forwards.open(name, 'item', start), {
          position,
          finished: [],
        });
      }
      await create(store, messages(2));
      const finished = [(await Places.of(store)).numberOf(5)];
      assert.equal(await store.forwards.record('all', change(last, { finished })), true);
      await store.close();
      store = await engine.open();
      for (const name of ['now', 'all']) await store.forwards.lease(name);
      const { forwards } = store;
      assert.deepEqual(await forwards.open('all', 'item', 'now'), { position: last, finished });
      assert.deepEqual(await forwards.open('now', 'item', 'beginning'), {
        position: last,
        finished: [],
      });
      assert.deepEqual(
        (await forwards.statuses()).map(({ name, startedAfter }) => [name, startedAfter]),
        [
          ['all', 0],
          ['now', last],
        ],
      );
    },
  },
  {
    name: 'keeps what it recorded of a destination when its process ends without closing it',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 4);
      const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
      const put = [retrying(first, 20), waiting(second), dead(third)];
      await forwards.record(NAME, change(third, { put, finished: [fourth], delivered: 3 }));
      const before = await forwards.statuses();
      await engine.crash();
      const reopened = await engine.open();
      assert.deepEqual(await reopened.forwards.statuses(), before);
      assert.deepEqual(await reopened.forwards.due(NAME, 20, 5), {
        rows: [retrying(first, 20)],
        nextMs: null,
      });
      assert.deepEqual(await reopened.forwards.unfinishedOf(second), [
        { name: NAME, ...waiting(second) },
      ]);
    },
  },
  {
    name: 'forgets destinations that nobody uses, unless they are configured',
    holds: async (engine) => {
      const store = await engine.open({ forwards: ['kept'] });
      const { forwards } = store;
      const { numbers } = await opened(store, 1);
      const [first = 0] = numbers;
      await forwards.lease('kept');
      await forwards.open('kept', 'item', 'now');
      await forwards.record(NAME, change(first, { put: [dead(first)] }));
      const names = async (): Promise<string[]> =>
        (await forwards.statuses()).map(({ name }) => name);
      const beforeMs = Date.now() - 3_600_000;
      await forwards.forget(beforeMs);
      assert.deepEqual(await names(), [NAME, 'kept']);
      await forwards.forget(beforeMs + 7_200_000);
      assert.deepEqual(await names(), ['kept']);
      assert.deepEqual(await forwards.unfinishedOf(first), []);
      await forwards.lease(NAME);
      const again = await forwards.open(NAME, 'item', 'beginning');
      assert.deepEqual(again, { position: 0, finished: [] });
    },
  },
  {
    name: 'has nothing of a destination that was never opened',
    holds: async (engine) => {
      const { forwards } = await engine.open();
      assert.deepEqual(await forwards.statuses(), []);
      assert.deepEqual(await forwards.held('none', [TALK]), []);
      assert.deepEqual(await forwards.due('none', 1_000, 5), { rows: [], nextMs: null });
      assert.deepEqual(await forwards.dead('none', 0, 5), []);
      assert.equal(await forwards.retry('none', 'all', 5), 0);
      assert.equal(await forwards.discard('none', 'all'), 0);
      assert.equal(await forwards.replay('none', [{ seq: 1, conversation: TALK }], 5), 0);
      assert.deepEqual(await forwards.statuses(), []);
    },
  },
  {
    name: 'says that it shuts down to whatever is asked of its forwarding once it is closed',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards } = store;
      await store.close();
      for (const call of [
        () => forwards.lease(NAME),
        () => forwards.release(NAME),
        () => forwards.open(NAME, 'item', 'now'),
        () => forwards.entries('item', 0, 1),
        () => forwards.contents('raw', [1]),
        () => forwards.held(NAME, [TALK]),
        () => forwards.due(NAME, 1, 1),
        () => forwards.record(NAME, change(0)),
        () => forwards.statuses(),
        () => forwards.dead(NAME, 0, 1),
        () => forwards.retry(NAME, 'all', 1),
        () => forwards.replay(NAME, [], 1),
        () => forwards.forget(0),
      ])
        await assert.rejects(
          call(),
          (error) => error instanceof StoreUnavailable && error.reason === 'shutting_down',
          String(call),
        );
    },
  },
];

const ENTRIES: readonly Clause[] = [
  {
    name: 'has everything that is stored to forward, item by item and delivery by delivery, with its content',
    holds: async (engine) => {
      const store = await engine.open();
      const oracle = new MemoryStore();
      const [one, two, three] = [delivery(), delivery('mail'), delivery()];
      for (const group of [
        [message({ message_id: 'plain', text: 'a\0b' }), message()],
        [
          eventItem(one, 'e1', { subject: 'chat:\u{1f600}', type: 'status' }),
          messageItem(one, 'm1', { from: '+1', kind: 'image' }),
          messageItem(one, 'm2', { from: '+2', text: 'é' }),
        ],
        [eventItem(two, 'e2', { payload: null })],
        // Only other content is new of this one, and nothing of the next.
        [messageItem(three, 'm1', { text: 'other' })],
        [messageItem(delivery(), 'm2', { text: 'é' })],
        [message({ message_id: 'plain', text: 'other' })],
      ])
        assert.deepEqual(await append(store, ...group), await append(oracle, ...group));
      await assertEntriesAgree(store, oracle);
      const raw = await store.forwards.entries('raw', 0, 10);
      assert.deepEqual(
        raw.entries.map(({ type, source, party }) => [type, source, party]),
        [
          ['delivery', 'chat', '+1'],
          ['delivery', 'mail', null],
          ['delivery', 'chat', null],
        ],
      );
    },
  },
  {
    name: 'shows to forwarding what is appended at once, each item once and in order',
    holds: async (engine) => {
      const store = await engine.open();
      const appends = Array.from({ length: 40 }, () => store.append(messages(5)));
      const seen: number[] = [];
      let after = 0;
      const state = { appended: false };
      const appended = Promise.all(appends).then(() => (state.appended = true));
      await eventually('all that is appended', async () => {
        const isLast = state.appended;
        const { entries, end } = await store.forwards.entries('item', after, 7);
        seen.push(...entries.map(({ seq }) => seq));
        after = end;
        return isLast && entries.length === 0 ? true : undefined;
      });
      await appended;
      const { entries } = await store.forwards.entries('item', 0, 1_000);
      assert.deepEqual(
        seen,
        entries.map(({ seq }) => seq),
      );
      assert.equal(seen.length, 200);
    },
  },
  {
    name: 'reads contents that are large in parts',
    holds: async (engine) => {
      const store = await engine.open();
      const size = 700_000;
      const payload = (fill: string): string => JSON.stringify(fill.repeat(size));
      for (let at = 0; at < 10; at += 1) {
        const of = delivery('chat', { body: Buffer.alloc(size, at) });
        await create(store, [messageItem(of, `m${at}`, { payload: payload(String(at)) })]);
      }
      const places = await Places.of(store);
      const numbers = Array.from({ length: 10 }, (_, at) => places.numberOf(at + 1));
      for (const mode of ['item', 'raw'] as const) {
        const { found } = await store.forwards.contents(mode, numbers);
        assert.ok(found.length > 1 && (found.length - 1) * size <= CONTENTS_BYTES_MAX, mode);
        const all = await contentsOf(store.forwards, mode, numbers);
        assert.deepEqual(
          all.found.map(({ content }) =>
            'delivery' in content
              ? [content.delivery.body.length, content.delivery.body[0]]
              : 'message' in content && content.message.payload,
          ),
          numbers.map((_, at) => (mode === 'raw' ? [size, at] : payload(String(at)))),
        );
      }
    },
  },
];

const ROWS: readonly Clause[] = [
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
    name: 'has what failed since a time due at once when the destination is back',
    holds: async (engine) => {
      const store = await engine.open();
      const { forwards, numbers } = await opened(store, 4);
      const [a = 0, b = 0, c = 0, d = 0] = numbers;
      const put = [
        retrying(a, 900, { lastMs: 49 }),
        retrying(b, 900, { lastMs: 50 }),
        retrying(c, 10, { lastMs: 51 }),
        dead(d, { lastMs: 60 }),
      ];
      await forwards.record(NAME, change(d, { put, wakeSinceMs: 50, nowMs: 60 }));
      assert.deepEqual(await dueNumbers(forwards, 60), [c, b]);
      assert.equal((await forwards.due(NAME, 60, 9)).nextMs, 900);
      assert.equal((await forwards.statuses())[0]?.dead, 1);
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
      assert.deepEqual(await forwards.unfinishedOf(d), []);
      assert.deepEqual(await forwards.dead(NAME, 0, 9), []);
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

export const FORWARDS: readonly Clause[] = [...POSITIONS, ...ENTRIES, ...ROWS];
