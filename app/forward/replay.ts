// Sends entries again that a destination has had.
import type { ForwardSettings } from '../model/forward.ts';
import type { ForwardStore } from '../storage/store.ts';
import { conversationOf, isWanted } from './filter.ts';

/** Which entries: numbers from `fromSeq` to `toSeq`, both included, of one source or of all. */
export interface ReplaySelection {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly source: string | null;
}

/**
 * Has those of the first `limit` entries of the selection sent again that the destination wants. Returns how many, and `fromSeq` of
 * the rest; null where there is none. Rejects with StoreUnavailable.
 */
export async function replaySome(
  store: ForwardStore,
  settings: Pick<ForwardSettings, 'name' | 'mode' | 'order' | 'sources' | 'types'>,
  { fromSeq, toSeq, source }: ReplaySelection,
  limit: number,
): Promise<{ readonly entries: number; readonly next: number | null }> {
  const { entries, end } = await store.entries(settings.mode, fromSeq - 1, limit);
  const wanted = entries
    .filter((entry) => entry.seq <= toSeq && (source === null || entry.source === source))
    .filter((entry) => isWanted(settings, entry))
    .map((entry) => ({ seq: entry.seq, conversation: conversationOf(settings, entry) }));
  const count = wanted.length === 0 ? 0 : await store.replay(settings.name, wanted, Date.now());
  return { entries: count, next: entries.length === limit && end < toSeq ? end + 1 : null };
}
