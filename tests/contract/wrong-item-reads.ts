// Stores that are wrong about what they are asked of items, and of lists by source, until and order.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventQuery } from '../../app/model/event.ts';
import type { Delivery } from '../../app/model/item.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import type { Store } from '../../app/storage/store.ts';
import type { Wrap } from './memory.ts';
import { type Mutant, replaced } from './mutant.ts';

function asking(change: (query: MessageQuery) => MessageQuery): Wrap {
  return (store) => replaced(store, { page: (query) => store.page(change(query)) });
}

function askingEvents(change: (query: EventQuery) => EventQuery): Wrap {
  return (store) => replaced(store, { events: (query) => store.events(change(query)) });
}

function reading(change: (json: string) => string): Wrap {
  const changed = async (json: Promise<Uint8Array | null>): Promise<Uint8Array | null> => {
    const bytes = await json;
    return bytes === null ? null : Buffer.from(change(Buffer.from(bytes).toString()));
  };
  return (store) =>
    replaced(store, {
      message: (id) => changed(store.message(id)),
      event: (id) => changed(store.event(id)),
    });
}

function delivering(change: (found: Delivery) => Delivery): Wrap {
  return (store) =>
    replaced(store, {
      delivery: async (number) => {
        const found = await store.delivery(number);
        return found === null ? null : change(found);
      },
    });
}

export const WRONG_ITEM_READS: readonly Mutant[] = [
  {
    name: 'events are stale by a turn',
    caughtBy: 'returns an item, its post and what is known of it',
    wrap: (store) => {
      let known: ReturnType<Store['events']> | null = null;
      return replaced(store, {
        events: async (query) => {
          const stale = known ?? store.events(query);
          known = store.events(query);
          await nextTurn();
          return await stale;
        },
      });
    },
  },
  {
    name: 'payloads are written anew',
    caughtBy: 'gives ids, texts, payloads and posts back',
    wrap: reading((json) => JSON.stringify(JSON.parse(json))),
  },
  {
    name: 'headers come in another order',
    caughtBy: 'gives ids, texts, payloads and posts back',
    wrap: delivering((found) => ({ ...found, headers: found.headers.toReversed() })),
  },
  {
    name: 'a body is text',
    caughtBy: 'gives ids, texts, payloads and posts back',
    wrap: delivering((found) => ({
      ...found,
      body: Buffer.from(Buffer.from(found.body).toString()),
    })),
  },
  {
    name: 'only the first statuses of a message are known',
    caughtBy: 'the newest 100 statuses',
    wrap: reading((json) => json.replaceAll('chat:m:102', 'chat:m:0')),
  },
  {
    name: 'events have no type',
    caughtBy: 'lists events by source, type',
    wrap: askingEvents((query) => ({ ...query, type: null })),
  },
  {
    name: 'events are always listed from the oldest on',
    caughtBy: 'lists events by source, type',
    wrap: askingEvents((query) => ({ ...query, order: 'asc' })),
  },
  {
    name: 'until is inclusive',
    caughtBy: 'filters by until',
    wrap: asking((query) => ({
      ...query,
      until: query.until && { ...query.until, nanos: query.until.nanos + 1 },
    })),
  },
  {
    name: 'the default source is all of them',
    caughtBy: 'lists messages by source and from either end',
    wrap: asking((query) => ({
      ...query,
      source: query.source === 'default' ? null : query.source,
    })),
  },
  {
    name: 'a source and a sender do not combine',
    caughtBy: 'lists messages by source and from either end',
    wrap: asking((query) => ({ ...query, source: query.from === null ? query.source : null })),
  },
  {
    name: 'an offset counts from the oldest in either order',
    caughtBy: 'lists messages by source and from either end',
    wrap: (store) =>
      replaced(store, {
        page: async (query) => {
          if (query.order === 'asc' || query.cursor !== null) return await store.page(query);
          const page = await store.page({ ...query, order: 'asc' });
          const data = JSON.parse(Buffer.from(page.json).toString()) as unknown[];
          return { ...page, json: Buffer.from(JSON.stringify(data.toReversed())) };
        },
      }),
  },
  {
    name: 'the stream of messages has events, too',
    caughtBy: 'in one sequence',
    wrap: (store) =>
      replaced(store, { after: (after, limit) => store.after(after, limit, 'items') }),
  },
];
