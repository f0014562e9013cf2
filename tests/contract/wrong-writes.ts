// Stores that are wrong about what they are given.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Item } from '../../app/model/item.ts';
import type { Store } from '../../app/storage/store.ts';
import { type Mutant, replaced } from './mutant.ts';
import { type Committed, idOf, isEvent } from './kept.ts';
import type { MemoryStore } from './oracle.ts';

/** Each message by itself: what fails does not keep the others out. */
async function appendEach(store: MemoryStore, group: readonly Item[]): ReturnType<Store['append']> {
  const answers = await Promise.all(group.map((item) => store.append([item])));
  const failed = answers.find((answer) => 'unavailable' in answer);
  return failed ?? answers.flatMap((answer) => ('unavailable' in answer ? [] : answer));
}

function overwrite(committed: Committed, item: Item): void {
  const place = committed.findIndex(
    (other) => isEvent(other) === isEvent(item) && idOf(other) === idOf(item),
  );
  if (place !== -1) committed[place] = item;
}

export const WRONG_WRITES: readonly Mutant[] = [
  {
    name: 'duplicates overwrite',
    caughtBy: 'keeps what was written first',
    wrap: (store, committed) =>
      replaced(store, {
        append: async (group) => {
          const answer = await store.append(group);
          if (!('unavailable' in answer)) for (const item of group) overwrite(committed, item);
          return answer;
        },
      }),
  },
  {
    name: 'of several in one append, the first loses',
    caughtBy: 'takes repeats inside of one append',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          const answer = await store.append(group.toReversed());
          return 'unavailable' in answer ? answer : answer.toReversed();
        },
      }),
  },
  {
    name: 'of several at once, the first loses',
    caughtBy: 'creates an id once, however many send it at once',
    wrap: (store, committed) =>
      replaced(store, {
        append: async (group) => {
          const answer = await store.append(group);
          if (!('unavailable' in answer) && answer[0] === 'conflict')
            for (const item of group) overwrite(committed, item);
          return answer;
        },
      }),
  },
  {
    name: 'a conflict passes for a duplicate',
    caughtBy: 'an equal one is a duplicate',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          const answer = await store.append(group);
          if ('unavailable' in answer) return answer;
          return answer.map((outcome) => (outcome === 'conflict' ? 'duplicate' : outcome));
        },
      }),
  },
  {
    name: 'a group is not atomic',
    caughtBy: 'stores what is appended together all or none',
    wrap: (store) => replaced(store, { append: (group) => appendEach(store, group) }),
  },
  {
    name: 'a group becomes visible bit by bit',
    caughtBy: 'shows what was appended together as a whole',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          const answers = [];
          for (const message of group) answers.push(await appendEach(store, [message]));
          return answers.flatMap((answer) => ('unavailable' in answer ? [] : answer));
        },
      }),
  },
  {
    name: 'outcomes come sorted',
    caughtBy: 'returns outcomes in the order',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          const answer = await store.append(group);
          return 'unavailable' in answer ? answer : answer.toSorted();
        },
      }),
  },
  {
    name: 'an append is acknowledged before it is committed',
    caughtBy: 'from the moment its append resolves',
    wrap: (store) =>
      replaced(store, {
        append: async (group) => {
          void nextTurn()
            .then(nextTurn)
            .then(() => store.append(group));
          return group.map(() => 'created' as const);
        },
      }),
  },
  {
    name: 'what was acknowledged is gone after a close',
    caughtBy: 'when it is closed and opened again',
    wrap: (store, committed) =>
      replaced(store, {
        close: async () => {
          await store.close();
          committed.pop();
        },
      }),
  },
  {
    name: 'an append goes on being taken while the store closes',
    caughtBy: 'takes no more from then on',
    wrap: (store) =>
      replaced(store, {
        close: async () => {
          await nextTurn();
          await store.close();
        },
      }),
  },
  {
    name: 'only the listener that came last hears of a commit',
    caughtBy: 'tells every listener',
    wrap: (store) => {
      let last: () => void = () => undefined;
      store.onCommit(() => last());
      return replaced(store, {
        onCommit: (listener) => {
          last = listener;
        },
      });
    },
  },
];
