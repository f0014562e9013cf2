// What became of one item at each destination that wants it.
import type { ForwardSettings, UnfinishedState } from '../model/forward.ts';
import type { ForwardEntry, ForwardStatus, ForwardStore, Unfinished } from '../storage/store.ts';
import { isWanted } from './filter.ts';

export interface AttemptsOf {
  readonly name: string;
  /** `delivered`: it is finished. `pending`: it was not attempted yet. */
  readonly state: UnfinishedState | 'delivered' | 'pending';
  /** Null where it has no row. */
  readonly row: Unfinished | null;
}

/**
 * Returns what became of an item at each destination that wants it, and did not begin after it. In mode `raw` that is what became of
 * its delivery. Null: there is no such item. Rejects with StoreUnavailable.
 */
export async function attemptsOf(
  store: ForwardStore,
  settings: readonly ForwardSettings[],
  seq: number,
): Promise<readonly AttemptsOf[] | null> {
  const [found] = (await store.contents('item', [seq])).found;
  if (found === undefined) return null;
  if (settings.length === 0) return [];
  const delivery = deliveryOf(found.content);
  const entries = {
    item: found.entry,
    raw: delivery === null ? null : await entryAt(store, delivery),
  };
  const rows = {
    item: await store.unfinishedOf(seq),
    raw: delivery === null ? [] : await store.unfinishedOf(delivery),
  };
  const statuses = new Map((await store.statuses()).map((status) => [status.name, status]));
  return settings.flatMap((one) => {
    const entry = entries[one.mode];
    const status = statuses.get(one.name);
    if (entry === null || status === undefined || status.startedAfter >= entry.seq) return [];
    if (!isWanted(one, entry)) return [];
    const row = rows[one.mode].find(({ name }) => name === one.name) ?? null;
    return [{ name: one.name, state: row?.state ?? stateWithoutRow(status, entry.seq), row }];
  });
}

function stateWithoutRow(
  { position, finished }: Pick<ForwardStatus, 'position' | 'finished'>,
  seq: number,
): 'delivered' | 'pending' {
  return seq <= position || finished.includes(seq) ? 'delivered' : 'pending';
}

/** The number of the delivery of an item; null where none is kept. */
function deliveryOf(
  content: Awaited<ReturnType<ForwardStore['contents']>>['found'][number]['content'],
): number | null {
  if ('message' in content) return content.message.delivery;
  return 'event' in content ? content.event.delivery : null;
}

/** A delivery, without its body; null where it is not there. */
async function entryAt(store: ForwardStore, delivery: number): Promise<ForwardEntry | null> {
  const [entry] = (await store.entries('raw', delivery - 1, 1)).entries;
  return entry?.seq === delivery ? entry : null;
}
