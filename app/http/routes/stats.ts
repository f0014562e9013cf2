// GET /stats: the figures of all messages.
import type { Store } from '../../storage/store.ts';
import type { Exchange } from '../exchange.ts';
import { okJson } from '../replies.ts';

export async function stats(exchange: Exchange, store: Store): Promise<void> {
  exchange.send(okJson(await store.stats()));
}
