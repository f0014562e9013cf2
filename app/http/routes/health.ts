// GET /health/live and /health/ready: whether the process runs, and whether it may be sent requests.
import type { Store } from '../../storage/store.ts';
import { readiness } from '../../observe/readiness.ts';
import type { Exchange } from '../exchange.ts';
import { LIVE, readyReply } from '../replies.ts';

/** Looks at nothing: whatever else is wrong, a process that can answer is alive. */
export function live(exchange: Exchange): undefined {
  exchange.send(LIVE);
  return undefined;
}

export async function ready(exchange: Exchange, store: Store, secret: Buffer): Promise<void> {
  exchange.send(readyReply(await readiness(secret, store)));
}
