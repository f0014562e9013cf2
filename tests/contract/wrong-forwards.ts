// Stores that are wrong about forwarding.
import type { ForwardStore } from '../../app/storage/store.ts';
import type { MemoryForwards } from './forward-oracle.ts';
import type { Wrap } from './memory.ts';
import { type Mutant, replaced } from './mutant.ts';

/** The store, with some methods of its forwarding replaced. */
function forwarding(change: (forwards: MemoryForwards) => Partial<ForwardStore>): Wrap {
  return (store) => {
    const { forwards } = store;
    const methods = change(forwards);
    const changed = new Proxy<ForwardStore>(forwards, {
      get: (_, name: keyof ForwardStore) => (methods[name] ?? forwards[name]).bind(forwards),
    });
    return replaced(store, { forwards: changed });
  };
}

export const WRONG_FORWARDS: readonly Mutant[] = [
  {
    name: 'a destination begins anew each time it is opened',
    caughtBy: 'goes on from where it was',
    wrap: forwarding((forwards) => ({
      open: async (name, mode, start) => {
        await forwards.forget(Infinity);
        return await forwards.open(name, mode, start);
      },
    })),
  },
  {
    name: 'a configured destination is forgotten',
    caughtBy: 'unless they are configured',
    wrap: forwarding((forwards) => ({
      forget: async (unusedSinceMs) => {
        const before = await forwards.statuses();
        await forwards.forget(unusedSinceMs);
        if ((await forwards.statuses()).length < before.length) forwards.statuses = async () => [];
      },
    })),
  },
  {
    name: 'an entry is passed over where a page ends',
    caughtBy: 'each item once and in order',
    wrap: forwarding((forwards) => ({
      entries: async (mode, after, limit) => {
        const { entries, end } = await forwards.entries(mode, after, limit);
        return { entries, end: entries.length === limit && limit > 1 ? end + 1 : end };
      },
    })),
  },
  {
    name: 'all contents are read at once, however large',
    caughtBy: 'large in parts',
    wrap: forwarding((forwards) => ({
      contents: async (mode, seqs) => {
        const parts = await Promise.all(seqs.map((seq) => forwards.contents(mode, [seq])));
        const [found, gone] = [parts.flatMap((each) => each.found), parts.flatMap((p) => p.gone)];
        return { found, gone };
      },
    })),
  },
  {
    name: 'the next row is said to be due when the last one was',
    caughtBy: 'says when the next one is',
    wrap: forwarding((forwards) => ({
      due: async (name, nowMs, limit) => {
        const { rows, nextMs } = await forwards.due(name, nowMs, limit);
        return { rows, nextMs: rows.at(-1)?.dueMs ?? nextMs };
      },
    })),
  },
  {
    name: 'nothing that waits is released',
    caughtBy: 'releases the first that waits',
    wrap: forwarding((forwards) => ({
      record: (name, change) => forwards.record(name, { ...change, release: [] }),
    })),
  },
  {
    name: 'dead letters that are retried stay dead',
    caughtBy: 'attempted as if they never had been',
    wrap: forwarding(() => ({ retry: async (_, which) => (which === 'all' ? 0 : 3) })),
  },
  {
    name: 'nothing is known any more of what was discarded',
    caughtBy: 'attempted as if they never had been',
    wrap: forwarding((forwards) => ({
      unfinishedOf: async (seq) =>
        (await forwards.unfinishedOf(seq)).filter(({ state }) => state !== 'discarded'),
    })),
  },
  {
    name: 'what comes after the position is sent again as well',
    caughtBy: 'leaves what is sent anyway',
    wrap: forwarding((forwards) => ({
      replay: async (name, entries, nowMs) => {
        await forwards.replay(name, entries, nowMs);
        return entries.length;
      },
    })),
  },
];
