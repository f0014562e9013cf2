// Stores that are wrong about what they are asked.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery, Page } from '../../app/model/page.ts';
import type { Store } from '../../app/storage/store.ts';
import { dataOf, keyOf } from './engine.ts';
import type { Wrap } from './memory.ts';
import { type Mutant, replaced } from './mutant.ts';
import type { MemoryStore } from './oracle.ts';

/** The store, with each page asked for by another query, or changed. */
function paging(
  ask: (query: MessageQuery) => MessageQuery,
  change: (page: Page, query: MessageQuery) => Partial<Page> = () => ({}),
): Wrap {
  return (store) =>
    replaced(store, {
      page: async (query) => {
        const page = await store.page(ask(query));
        return { ...page, ...change(page, query) };
      },
    });
}

function withData(change: (data: Message[]) => Message[]): (page: Page) => Partial<Page> {
  return (page) => ({ json: Buffer.from(JSON.stringify(change(dataOf(page)))) });
}

function byUtf16(a: Message, b: Message): number {
  const [one, other] = [keyOf(a), keyOf(b)];
  const byId = one.messageId < other.messageId ? -1 : 1;
  return one.seconds - other.seconds || one.nanos - other.nanos || byId;
}

/** A value that was true before the last append. */
function staleStats(store: MemoryStore): Store {
  let stale = store.stats();
  return replaced(store, {
    append: async (group) => {
      stale = store.stats();
      await stale;
      return await store.append(group);
    },
    stats: () => stale,
  });
}

export const WRONG_READS: readonly Mutant[] = [
  {
    name: 'a total is from another snapshot than its page',
    caughtBy: 'page and total from one snapshot',
    wrap: (store) =>
      replaced(store, {
        page: async (query) => {
          const { total } = await store.page(query);
          await nextTurn();
          await nextTurn();
          return { ...(await store.page(query)), total };
        },
      }),
  },
  {
    name: 'a total ends with its page',
    caughtBy: 'pages by offset and by cursors',
    wrap: paging(
      (query) => query,
      (page) => ({ total: dataOf(page).length }),
    ),
  },
  {
    name: 'ids are ordered by UTF-16',
    caughtBy: 'orders ids of one instant by their UTF-8 bytes',
    wrap: paging(
      (query) => query,
      withData((data) => data.toSorted(byUtf16)),
    ),
  },
  {
    name: 'since is exclusive',
    caughtBy: 'filters by since',
    wrap: paging((query) => ({
      ...query,
      since: query.since && { ...query.since, nanos: query.since.nanos + 1 },
    })),
  },
  {
    name: 'since ends at the millisecond',
    caughtBy: 'filters by since',
    wrap: paging((query) => ({
      ...query,
      since: query.since && {
        ...query.since,
        nanos: Math.floor(query.since.nanos / 1_000_000) * 1_000_000,
      },
    })),
  },
  {
    name: 'a cursor skips the message after it',
    caughtBy: 'walks by cursors',
    wrap: paging(
      (query) => query,
      (page, { cursor }) =>
        cursor?.direction === 'after' && dataOf(page).length > 1
          ? withData((data) => data.slice(1))(page)
          : {},
    ),
  },
  {
    name: 'search minds the normal form',
    caughtBy: 'in any case and normal form',
    wrap: paging(
      (query) => query,
      (page, { text }) =>
        text === null
          ? {}
          : withData((data) => data.filter((each) => each.text?.normalize('NFC') === each.text))(
              page,
            ),
    ),
  },
  {
    name: 'search takes % for anything',
    caughtBy: 'taking every character literally',
    wrap: paging((query) => ({ ...query, text: query.text?.replaceAll('%', '') ?? null })),
  },
  {
    name: 'search ends at U+0000',
    caughtBy: 'taking every character literally',
    wrap: paging((query) => ({ ...query, text: query.text?.split('\0')[0] ?? null })),
  },
  {
    name: 'statistics are stale by one append',
    caughtBy: 'from the moment its append resolves',
    wrap: staleStats,
  },
  {
    name: 'senders of equal counts are in no order',
    caughtBy: 'ten at most',
    wrap: (store) =>
      replaced(store, {
        stats: async () => {
          const stats = await store.stats();
          const senders = stats.messages_per_sender.toReversed();
          return { ...stats, messages_per_sender: senders.toSorted((a, b) => b.count - a.count) };
        },
      }),
  },
  {
    name: 'a bucket has its end',
    caughtBy: 'a bucket has its start and lacks its end',
    wrap: (store) =>
      replaced(store, {
        timeline: async (range) => {
          const counts = await store.timeline(range);
          const { toSeconds: end, stepSeconds } = range;
          const [atEnd = 0] = await store.timeline({
            fromSeconds: end,
            toSeconds: end + 1,
            stepSeconds,
          });
          return counts.map((count, place) => count + (place === counts.length - 1 ? atEnd : 0));
        },
      }),
  },
  {
    name: 'the stream skips one',
    caughtBy: 'streams everything exactly once',
    wrap: (store) =>
      replaced(store, {
        after: async (after, limit) => {
          const page = await store.after(after, limit);
          return { ...page, entries: page.entries.filter((_, place) => place !== 3) };
        },
      }),
  },
  {
    name: 'the stream repeats what was read',
    caughtBy: 'streams everything exactly once',
    wrap: (store) =>
      replaced(store, { after: (after, limit) => store.after(Math.max(0, after - 1), limit) }),
  },
];
