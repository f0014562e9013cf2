// What an import promises of items of named sources and of their deliveries: links, conflicts, and appending to what is stored.
import assert from 'node:assert/strict';
import { CONFLICT, conflictId } from '../../app/model/item.ts';
import {
  archivedEvent,
  archivedMessage,
  deliveries,
  events,
  everything,
  fillItems,
  importAll,
  importing,
  storedUnder,
} from './admin-archives.ts';
import { type AdminClause, assertSound, prune } from './admin-engine.ts';
import { append, tsOf } from './engine.ts';
import { delivery, eventItem, messageItem } from './items.ts';

export const LINKS: readonly AdminClause[] = [
  {
    name: 'imports items first and their deliveries afterwards, in any order of these',
    holds: async (engine) => {
      const post = delivery();
      const one = archivedMessage(messageItem(post, 'one', { text: 'Needle' }));
      const two = archivedEvent(eventItem(post, 'two'));
      const stored = { ...post, number: 77, messages: ['chat:one'], events: ['chat:two'] };
      const none = { messages: [], events: [], deliveries: [stored] };
      assert.deepEqual((await importAll(engine, none)).deliveries, ['missing']);
      const first = await importAll(engine, { ...none, events: [two] });
      assert.deepEqual([first.events, first.deliveries], [['created'], ['created']]);
      const second = await importAll(engine, { ...none, messages: [one] });
      // The other item of the post has come before.
      assert.deepEqual([second.messages, second.deliveries], [['created'], ['duplicate']]);
      assert.deepEqual(await deliveries(engine), [{ ...stored, number: 1 }]);
      assert.deepEqual((await importAll(engine, none)).deliveries, ['duplicate']);
      await assertSound(engine, 1, { events: 1, deliveries: 1 });
      const store = await engine.open();
      assert.deepEqual(await append(store, messageItem(post, 'one', { text: 'Needle' })), [
        'duplicate',
      ]);
    },
  },
  {
    name: 'keeps other content of an imported id as a conflict, once',
    holds: async (engine) => {
      const post = delivery();
      const [one, two] = [messageItem(post, 'one'), eventItem(post, 'two')];
      await fillItems(engine, [one, two]);
      const content = 'f'.repeat(32);
      const other = { ...archivedMessage(one), content, payload: '{"other": 1}' };
      const event = { ...archivedEvent(two), content, ts: tsOf(80_000) };
      for (let round = 0; round < 2; round += 1) {
        const outcomes = await importAll(engine, {
          messages: [other],
          events: [event],
          deliveries: [],
        });
        assert.deepEqual([outcomes.messages, outcomes.events], [['conflict'], ['conflict']]);
      }
      const conflicts = (await events(engine)).filter(({ type }) => type === CONFLICT);
      assert.deepEqual(
        conflicts.map(({ event_id, subject, payload }) => [event_id, subject, payload]),
        [
          [conflictId('chat:one', content), 'chat:one', '{"other": 1}'],
          [conflictId('chat:two', content), 'chat:two', event.payload],
        ],
      );
      await assertSound(engine, 1, { events: 3, deliveries: 1 });
    },
  },
  {
    name: 'does not import a delivery of which an item was removed: its body has that, too',
    holds: async (engine) => {
      const post = delivery();
      await fillItems(engine, [
        messageItem(post, 'gone', { from: '+666' }),
        messageItem(post, 'left', { from: '+1' }),
      ]);
      const all = await everything(engine);
      await prune(engine, { from: '+666' });
      const outcomes = await importAll(engine, all);
      assert.deepEqual(outcomes.deliveries, ['duplicate']);
      assert.deepEqual(await deliveries(engine), []);
      await assertSound(engine, 1, { events: 0, deliveries: 0 });
    },
  },
  {
    name: 'appends to a delivery that is stored what it does not have yet, once',
    holds: async (engine) => {
      const post = delivery();
      const unparsed = eventItem(post, 'hash', { type: 'unparsed', payload: null });
      const items = [messageItem(post, 'm', { text: 'Needle' }), eventItem(post, 'e')];
      await fillItems(engine, [unparsed]);
      const [stored] = await deliveries(engine);
      assert.ok(stored);
      const outcomes = await importing(engine, (bulk) =>
        bulk.append(storedUnder(stored.number, [...items, unparsed, ...items])),
      );
      assert.deepEqual(outcomes, ['created', 'created', 'duplicate', 'duplicate', 'duplicate']);
      const [now, ...others] = await deliveries(engine);
      assert.deepEqual(others, []);
      const ids = { messages: ['chat:m'], events: ['chat:hash', 'chat:e'] };
      assert.deepEqual(now, { ...stored, ...ids });
      await assertSound(engine, 1, { events: 2, deliveries: 1 });
      await prune(engine, { source: 'chat' });
      const late = storedUnder(stored.number, [messageItem(post, 'late')]);
      assert.deepEqual(await importing(engine, (bulk) => bulk.append(late)), ['duplicate']);
      await assertSound(engine, 0, { events: 0, deliveries: 0 });
    },
  },
];
