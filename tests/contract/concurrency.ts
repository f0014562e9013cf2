// What a store promises while appends run: one snapshot a page, cursors that neither skip nor repeat, a stream without gaps.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import type { Store } from '../../app/storage/store.ts';
import { during } from '../support/bounded.ts';
import {
  type Clause,
  create,
  idsOf,
  keyOf,
  list,
  message,
  messages,
  stream,
  tsOf,
  walk,
} from './engine.ts';

/** Appends groups one after another, giving way to others in between. */
async function appendEach(store: Store, groups: readonly (readonly Message[])[]): Promise<void> {
  for (const group of groups) {
    await create(store, group);
    await nextTurn();
  }
}

function groupsOf(all: readonly Message[], size: number): Message[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, place) =>
    all.slice(place * size, (place + 1) * size),
  );
}

export const CONCURRENCY: readonly Clause[] = [
  {
    name: 'reads page and total from one snapshot while appends run',
    holds: async (engine) => {
      const store = await engine.open();
      const filters: Partial<MessageQuery>[] = [{}, { from: '+15550100' }, { text: 'hello' }];
      await during(appendEach(store, groupsOf(messages(90), 1)), async () => {
        for (const filter of filters) {
          const { data, total, next } = await list(store, { ...filter, limit: 100 });
          assert.equal(total, data.length);
          assert.equal(next, null);
        }
      });
    },
  },
  {
    name: 'shows what was appended together as a whole, in every kind of read',
    holds: async (engine) => {
      const store = await engine.open();
      const day = { fromSeconds: 1_736_899_200, toSeconds: 1_736_985_600, stepSeconds: 86_400 };
      await during(appendEach(store, groupsOf(messages(150), 5)), async () => {
        const [page, search, stats, [inDay], streamed] = await Promise.all([
          list(store),
          list(store, { text: 'hello' }),
          store.stats(),
          store.timeline(day),
          store.after(0, 1_000),
        ]);
        for (const count of [page.total, search.total, stats.total_messages, inDay ?? NaN])
          assert.equal(count % 5, 0);
        assert.equal(streamed.entries.length % 5, 0);
      });
    },
  },
  {
    name: 'never shows less than it has shown before',
    holds: async (engine) => {
      const store = await engine.open();
      const seen = { page: 0, search: 0, stats: 0, last: 0 };
      await during(appendEach(store, groupsOf(messages(120), 3)), async () => {
        const { total: page } = await list(store);
        const { total_messages: stats } = await store.stats();
        const { total: search } = await list(store, { text: 'ell' });
        const { lastSeq: last } = await store.after(0, 0);
        assert.ok(page >= Math.max(seen.page, seen.stats, seen.search));
        assert.ok(stats >= page && search >= stats && last >= seen.last);
        Object.assign(seen, { page, search, stats, last });
      });
    },
  },
  {
    name: 'walks by cursors over everything that stays, once and in order, while appends run',
    holds: async (engine) => {
      const store = await engine.open();
      const stays = Array.from({ length: 120 }, (_, place) => message({ ts: tsOf(place * 600) }));
      await create(store, stays);
      const comes = Array.from({ length: 200 }, (_, place) =>
        message({ ts: tsOf((place * 7_907) % 86_400) }),
      );
      const known = new Set(idsOf(stays));
      const filters: Partial<MessageQuery>[] = [{}, { from: '+15550100' }, { text: 'LL' }];
      const appended = appendEach(store, groupsOf(comes, 2));
      await during(appended, async () => {
        for (const filter of filters)
          for (const direction of ['after', 'before'] as const) {
            const walked = await walk(store, direction, { ...filter, limit: 17 });
            const keys = walked.map((each) => keyOf(each));
            assert.deepEqual(
              idsOf(walked).filter((id) => known.has(id)),
              idsOf(stays),
            );
            assert.equal(new Set(idsOf(walked)).size, walked.length);
            assert.deepEqual(
              keys.map(({ seconds }) => seconds),
              keys.map(({ seconds }) => seconds).toSorted((a, b) => a - b),
            );
          }
      });
    },
  },
  {
    name: 'streams everything exactly once and in order while several callers append',
    holds: async (engine) => {
      const store = await engine.open();
      const callers = Array.from({ length: 4 }, () => groupsOf(messages(90), 3));
      const seen: { seq: number; id: string }[] = [];
      const follow = async (): Promise<void> => {
        const page = await store.after(seen.at(-1)?.seq ?? 0, 7);
        for (const { seq, json } of page.entries) {
          assert.ok(seq > (seen.at(-1)?.seq ?? 0));
          seen.push({ seq, id: (JSON.parse(json) as Message).message_id });
        }
        if (!page.more) assert.equal(seen.at(-1)?.seq ?? 0, page.lastSeq);
      };
      await during(Promise.all(callers.map((groups) => appendEach(store, groups))), follow);
      while (seen.length < 360) {
        const before = seen.length;
        await follow();
        assert.ok(seen.length > before, `the stream ended after ${before} messages`);
      }
      const again = await stream(store);
      assert.deepEqual(
        again.map(({ seq, message: { message_id: id } }) => ({ seq, id })),
        seen,
      );
      const places = new Map(seen.map(({ id }, place) => [id, place]));
      for (const groups of callers) {
        const own = groups.flat().map(({ message_id }) => places.get(message_id) ?? NaN);
        // A caller that waits for each append finds its messages in that order.
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        );
      }
    },
  },
];
