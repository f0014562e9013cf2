// What a store promises of forwarding: what there is to forward, and how far each destination is.
import assert from 'node:assert/strict';
import { CONTENTS_BYTES_MAX } from '../../app/model/forward.ts';
import { StoreUnavailable } from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import { type Clause, append, create, message, messages } from './engine.ts';
import { assertEntriesAgree, contentsOf } from './forward-agreement.ts';
import { NAME, TALK, change, dead, opened, retrying, waiting } from './forward-changes.ts';
import { Places } from './forward-places.ts';
import { delivery, eventItem, messageItem } from './items.ts';
import { MemoryStore } from './oracle.ts';
import { ROWS } from './forward-rows.ts';

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

/** With those of what a destination has not finished. */
export const FORWARDS: readonly Clause[] = [...POSITIONS, ...ENTRIES, ...ROWS];
