// How long a tail may be for a reader to put it in by itself.
import { StoreUnavailable } from '../../model/store.ts';

/** After an upgrade the whole file may be tail. Then a read waits for another time instead of loading all of it. */
export const TAIL_MESSAGES_MAX = 65_536;

/** Throws StoreUnavailable where an order lacks more messages than that. */
export function refuseLongTail(messages: number): void {
  if (messages > TAIL_MESSAGES_MAX)
    throw new StoreUnavailable('index_behind', 'the orders are being filled');
}
