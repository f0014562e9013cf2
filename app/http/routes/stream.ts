// GET /messages/stream: messages as they are committed, as Server-Sent Events that can be resumed.
import type { Store } from '../../storage/store.ts';
import { aheadOfStream, parseStreamStart } from '../../query/stream.ts';
import type { Exchange } from '../exchange.ts';
import { STREAM_HEADERS, invalid, streamRefused } from '../replies.ts';
import type { Feed } from '../stream/feed.ts';
import { Follower } from '../stream/follower.ts';

export async function stream(exchange: Exchange, store: Store, feed: Feed): Promise<void> {
  const header = exchange.request.headers['last-event-id'];
  const start = parseStreamStart(
    exchange.target.queryString,
    typeof header === 'string' ? header : undefined,
  );
  if ('faults' in start) return exchange.send(invalid(start.faults));
  const { refusal } = feed;
  if (refusal !== null) return exchange.send(streamRefused(refusal));
  const { lastSeq } = await store.after(0, 0);
  if (start.after !== null && start.after > lastSeq)
    return exchange.send(invalid([aheadOfStream(start.after, lastSeq)]));
  const response = exchange.open(STREAM_HEADERS);
  if (response === null) return undefined;
  const follower = new Follower(response, start.after ?? lastSeq);
  response.on('drain', () => feed.resume());
  response.once('close', () => feed.remove(follower));
  feed.add(follower);
  return undefined;
}
