// Stores that are wrong about the items of named sources that they are given.
import type { EventItem, Item } from '../../app/model/item.ts';
import type { AppendOutcome, Unavailable } from '../../app/storage/store.ts';
import { delivery, eventItem } from './items.ts';
import { type Committed, isEvent } from './kept.ts';
import type { Wrap } from './memory.ts';
import { type Mutant, replaced } from './mutant.ts';
import type { MemoryStore } from './oracle.ts';

type Answer = readonly AppendOutcome[] | Unavailable;

/** The store, with what an append has done changed after it. `answer` is what the store says of it. */
function afterAppend(
  change: (committed: Committed, group: readonly Item[], answer: readonly AppendOutcome[]) => void,
): Wrap {
  return (store, committed) =>
    replaced(store, {
      append: async (group) => {
        const answer = await store.append(group);
        if (!('unavailable' in answer)) change(committed, group, answer);
        return answer;
      },
    });
}

/** The store, with an append of other items. */
function appending(change: (item: Item) => Item): Wrap {
  return (store) =>
    replaced(store, { append: (group): Promise<Answer> => store.append(group.map(change)) });
}

/** Commits events apart from messages. */
async function appendApart(store: MemoryStore, group: readonly Item[]): Promise<Answer> {
  const events = await store.append(group.filter((item) => isEvent(item)));
  const messages = await store.append(group.filter((item) => !isEvent(item)));
  if ('unavailable' in events) return events;
  if ('unavailable' in messages) return messages;
  const [ofEvents, ofMessages] = [[...events], [...messages]];
  return group.flatMap((item) => (isEvent(item) ? ofEvents : ofMessages).shift() ?? []);
}

export const WRONG_ITEM_WRITES: readonly Mutant[] = [
  {
    name: 'other content of an id is lost',
    caughtBy: 'keeps other content of an id as an event',
    wrap: afterAppend((committed, _, answer) => {
      if (answer.includes('conflict')) committed.pop();
    }),
  },
  {
    name: 'other content is kept each time it comes',
    caughtBy: 'keeps other content of an id as an event',
    wrap: afterAppend((committed, group, answer) => {
      for (const [place, item] of group.entries())
        if (answer[place] === 'conflict')
          committed.push(eventItem(delivery(), `again ${committed.length}`, { ts: item.ts }));
    }),
  },
  {
    name: 'other content replaces the first',
    caughtBy: 'keeps other content of an id as an event',
    wrap: afterAppend((committed, group, answer) => {
      for (const [place, item] of group.entries()) {
        const stored = committed.findIndex(
          (other) => !isEvent(other) && !isEvent(item) && other.message_id === item.message_id,
        );
        if (answer[place] === 'conflict' && stored !== -1) committed[stored] = item;
      }
    }),
  },
  {
    name: 'conflicts are kept without end',
    caughtBy: '16 conflicts',
    wrap: (store, committed) => {
      const kept: EventItem[] = [];
      return replaced(store, {
        append: async (group) => {
          const answer = await store.append(group);
          if (!('unavailable' in answer) && answer.includes('conflict')) {
            const number = committed.length;
            const subject = 'chat:contested';
            kept.push(eventItem(delivery(), `more ${number}`, { type: 'conflict', subject }));
            committed.push(...kept.slice(-1));
          }
          return answer;
        },
      });
    },
  },
  {
    name: 'content is the text of a message',
    caughtBy: 'takes content as what the source says',
    wrap: appending((item) =>
      'content' in item && !isEvent(item) ? { ...item, content: item.text ?? '' } : item,
    ),
  },
  {
    name: 'a post of which nothing is new is stored',
    caughtBy: 'that post is not stored',
    wrap: (store) => {
      let posts = 0;
      return replaced(store, {
        append: async (group) => {
          posts += group.some((item) => 'delivery' in item) ? 1 : 0;
          return await store.append(group);
        },
        sources: async () =>
          (await store.sources()).map((counts) => ({ ...counts, deliveries: posts })),
      });
    },
  },
  {
    name: 'an event is a message with its id',
    caughtBy: 'under ids of their own',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          const ids = new Set(group.flatMap((item) => (isEvent(item) ? [] : [item.message_id])));
          const isTaken = (item: Item): boolean => isEvent(item) && ids.has(item.event_id);
          const answer = await store.append(group.filter((item) => !isTaken(item)));
          if ('unavailable' in answer) return answer;
          const rest = [...answer];
          return group.flatMap((item) => (isTaken(item) ? 'duplicate' : (rest.shift() ?? [])));
        },
      }),
  },
  {
    name: 'events are not part of the group that they are appended in',
    caughtBy: 'stores all items that are appended together',
    wrap: (store) => replaced(store, { append: (group) => appendApart(store, group) }),
  },
  {
    name: 'each item has a post of its own',
    caughtBy: 'once, however many posts bring it',
    wrap: appending((item) =>
      'delivery' in item ? { ...item, delivery: { ...item.delivery } } : item,
    ),
  },
  {
    name: 'items of a post that is gone are stored',
    caughtBy: 'and none to one that is not',
    wrap: appending((item) => {
      if (!('delivery' in item) || item.delivery.number !== 9_999) return item;
      const { number: _, ...post } = item.delivery;
      return { ...item, delivery: post };
    }),
  },
  {
    name: 'the last event is gone after a close',
    caughtBy: 'keeps items, posts and conflicts',
    wrap: (store, committed) =>
      replaced(store, {
        close: async () => {
          await store.close();
          const place = committed.findLastIndex((item) => isEvent(item));
          if (place !== -1) committed.splice(place, 1);
        },
      }),
  },
];
