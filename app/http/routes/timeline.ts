// GET /stats/timeline: messages over time, counted by bucket.
import type { Store } from '../../storage/store.ts';
import { parseTimelineQuery } from '../../query/timeline.ts';
import type { Exchange } from '../exchange.ts';
import { invalid, timelineReply } from '../replies.ts';

export async function timeline(exchange: Exchange, store: Store): Promise<void> {
  const parsed = parseTimelineQuery(exchange.target.queryString, Math.ceil(Date.now() / 1_000));
  if ('faults' in parsed) exchange.send(invalid(parsed.faults));
  else exchange.send(timelineReply(await store.timeline(parsed.query), parsed.query));
}
