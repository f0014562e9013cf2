// What a store promises of appends: outcomes, exactly once, all or none, a bounded queue, and news of each commit.
import assert from 'node:assert/strict';
import type { Message } from '../../app/model/message.ts';
import type { AppendOutcome } from '../../app/storage/store.ts';
import { bounded } from '../support/bounded.ts';
import {
  type Clause,
  append,
  create,
  idsOf,
  list,
  message,
  messages,
  stream,
  tsOf,
} from './engine.ts';

const INVALID = { ts: 'yesterday' };

/** How often each outcome is there. */
function tally(outcomes: Iterable<AppendOutcome>): Partial<Record<AppendOutcome, number>> {
  const groups = Map.groupBy(outcomes, (outcome) => outcome);
  return Object.fromEntries([...groups].map(([outcome, all]) => [outcome, all.length]));
}

export const APPENDS: readonly Clause[] = [
  {
    name: 'creates a message once: an equal one is a duplicate, one with other content a conflict',
    holds: async (engine) => {
      const store = await engine.open();
      const first = message({ text: null, ts: '2025-01-15T10:00:00.5Z' });
      assert.deepEqual(await append(store, first), ['created']);
      assert.deepEqual(await append(store, { ...first }), ['duplicate']);
      const others: Partial<Message>[] = [
        { from: '+1555' },
        { to: '+1555' },
        { text: '' },
        { ts: '2025-01-15T10:00:01Z' },
        // The same instant, but the text of it is part of the message.
        { ts: '2025-01-15T10:00:00.50Z' },
      ];
      for (const other of others)
        assert.deepEqual(await append(store, { ...first, ...other }), ['conflict']);
      assert.deepEqual(await append(store, first), ['duplicate']);
    },
  },
  {
    name: 'keeps what was written first, in lists and in the stream',
    holds: async (engine) => {
      const store = await engine.open();
      const first = message({ text: 'first' });
      await create(store, [first]);
      await append(store, { ...first, text: 'second', from: '+1999', ts: tsOf(0) });
      assert.deepEqual((await list(store)).data, [first]);
      assert.deepEqual(
        (await stream(store)).map((entry) => entry.message),
        [first],
      );
      assert.equal((await list(store, { from: '+1999' })).total, 0);
    },
  },
  {
    name: 'takes repeats inside of one append as it takes them one after another',
    holds: async (engine) => {
      const store = await engine.open();
      const [a, b] = [message({ text: 'a' }), message({ text: 'b' })];
      const repeats = [a, b, { ...a }, { ...a, text: 'other' }, a, { ...b, to: '+1' }];
      assert.deepEqual(await append(store, ...repeats), [
        'created',
        'created',
        'duplicate',
        'conflict',
        'duplicate',
        'conflict',
      ]);
      assert.deepEqual((await list(store)).data, [a, b]);
    },
  },
  {
    name: 'returns outcomes in the order of the messages, and numbers the new ones in that order',
    holds: async (engine) => {
      const store = await engine.open();
      const known = messages(20);
      await create(store, known);
      const fresh = messages(20).toReversed();
      const mixed = known.flatMap((old, place) => [old, fresh[place] ?? old]);
      assert.deepEqual(
        await append(store, ...mixed),
        mixed.map((_, place) => (place % 2 === 0 ? 'duplicate' : 'created')),
      );
      assert.deepEqual(
        (await stream(store)).map((entry) => entry.message),
        [...known, ...fresh],
      );
    },
  },
  {
    name: 'has no outcome for an append of no messages',
    holds: async (engine) => {
      const store = await engine.open();
      const both = Promise.all([append(store), create(store, [message()]), append(store)]);
      assert.deepEqual(await bounded(both, () => 'appends of nothing'), [[], undefined, []]);
      assert.equal(store.appendsWaiting, 0);
      assert.equal((await store.check()).reason, null);
    },
  },
  {
    name: 'stores what is appended together all or none, and goes on after one that fails',
    holds: async (engine) => {
      const store = await engine.open();
      const group = messages(5);
      for (const at of [0, 2, 4]) {
        const outcome = await store.append(group.with(at, message(INVALID)));
        assert.ok('unavailable' in outcome);
        assert.deepEqual((await list(store)).total, 0);
        assert.equal((await stream(store)).length, 0);
      }
      await create(store, group);
      assert.deepEqual(idsOf((await list(store)).data), idsOf(group));
    },
  },
  {
    name: 'creates an id once, however many send it at once',
    holds: async (engine) => {
      const store = await engine.open();
      const one = message();
      const outcomes = await Promise.all(Array.from({ length: 60 }, () => append(store, one)));
      assert.deepEqual(tally(outcomes.flat()), { created: 1, duplicate: 59 });

      const versions = Array.from({ length: 60 }, (_, place) =>
        message({ message_id: 'contested', text: `version ${place}` }),
      );
      const contested = await Promise.all(versions.map((version) => append(store, version)));
      assert.deepEqual(tally(contested.flat()), { created: 1, conflict: 59 });
      const winner = versions[contested.findIndex(([outcome]) => outcome === 'created')];
      const { data } = await list(store);
      assert.deepEqual(
        data.find(({ message_id }) => message_id === 'contested'),
        winner,
      );
      assert.equal(data.length, 2);
    },
  },
  {
    name: 'creates each id once where groups that are sent at once overlap',
    holds: async (engine) => {
      const store = await engine.open();
      const pool = messages(30);
      const groups = Array.from({ length: 40 }, (_, place) =>
        Array.from({ length: 7 }, (__, step) => pool[(place * 3 + step * 4) % 30] ?? message()),
      );
      const outcomes = await Promise.all(groups.map((group) => append(store, ...group)));
      const created = groups.flatMap((group, place) =>
        group.filter((_, at) => outcomes[place]?.[at] === 'created'),
      );
      assert.deepEqual(idsOf(created).toSorted(), idsOf(pool).toSorted());
      assert.equal(tally(outcomes.flat()).conflict, undefined);
      assert.deepEqual(idsOf((await list(store)).data), idsOf(pool));
    },
  },
  {
    name: 'refuses what its queue has no place for, and stores exactly what it did not refuse',
    holds: async (engine) => {
      const store = await engine.open({ queueMessagesMax: 8 });
      const sent = messages(40);
      const depths: number[] = [];
      const answers = sent.map(async (each) => {
        const answer = store.append([each]);
        depths.push(store.appendsWaiting);
        return await answer;
      });
      const outcomes = await Promise.all(answers);
      assert.ok(Math.max(...depths) <= 8, `${Math.max(...depths)} waited`);
      const refused = outcomes.filter((outcome) => 'unavailable' in outcome);
      assert.ok(refused.length > 0 && refused.length < sent.length);
      for (const each of refused) assert.deepEqual(each, { unavailable: 'queue_full' });
      const taken = sent.filter((_, place) => !('unavailable' in (outcomes[place] ?? [])));
      assert.deepEqual((await list(store)).data, taken);
      assert.equal(store.appendsWaiting, 0);
      await create(store, [message()]);
    },
  },
  {
    name: 'takes a group as a whole or not at all; one that is larger than the queue, when nothing waits',
    holds: async (engine) => {
      const store = await engine.open({ queueMessagesMax: 8 });
      const [six, three, twenty] = [messages(6), messages(3), messages(20)];
      const outcomes = await Promise.all([six, three, twenty].map((each) => store.append(each)));
      assert.deepEqual(outcomes, [
        six.map(() => 'created'),
        { unavailable: 'queue_full' },
        { unavailable: 'queue_full' },
      ]);
      await create(store, twenty);
      assert.equal((await list(store)).total, 26);
    },
  },
  {
    name: 'tells every listener of every commit, so that who reads on each call misses nothing',
    holds: async (engine) => {
      const store = await engine.open();
      const sent = messages(30);
      const followed = Promise.withResolvers<Message[]>();
      const calls = [0, 0];
      const seen: Message[] = [];
      let reading = Promise.resolve();
      const readOn = async (): Promise<void> => {
        seen.splice(0, Infinity, ...(await stream(store)).map((entry) => entry.message));
        if (seen.length === sent.length) followed.resolve(seen);
      };
      for (const place of calls.keys())
        store.onCommit(() => {
          calls[place] = (calls[place] ?? 0) + 1;
        });
      store.onCommit(() => {
        reading = reading.then(readOn, readOn);
        // One may come late: a replica tells of the commits of others, too, and the store may be closed by then.
        reading.catch(() => undefined);
      });
      for (const each of sent) await create(store, [each]);
      const all = await bounded(
        followed.promise,
        () => `news of ${sent.length - seen.length} more`,
      );
      await reading;
      assert.deepEqual(all, sent);
      assert.ok(calls.every((count) => count > 0));
      assert.equal(calls[0], calls[1]);
    },
  },
];
