// Items of named sources for tables of the benchmarks: some of the messages are theirs, and events come after all of them.
import type { Delivery, EventItem, Item, MessageItem } from '../app/model/item.ts';
import type { Message } from '../app/model/message.ts';
import { contentOf, itemId } from '../app/sources/items.ts';

/** One message in ten is of this source, and there is one event for it. */
export const SOURCE = 'bench';
const SOURCE_EVERY = 10;

/** Returns how many of `rows` messages are of the source, and how many events there are. */
export function ofSource(rows: number): number {
  return Math.floor(rows / SOURCE_EVERY);
}

/** Returns messages of which every tenth is of the source. */
export function withSource(messages: readonly Message[]): Item[] {
  return messages.map((message, index) =>
    index % SOURCE_EVERY === SOURCE_EVERY - 1 ? named(message) : message,
  );
}

/** Returns the events from number `first`, `count` of them; `tsOf` is the instant of one in milliseconds since 1970. */
export function statuses(
  first: number,
  count: number,
  tsOf: (number: number) => number,
): EventItem[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const ts = `${new Date(tsOf(number)).toISOString().slice(0, 19)}Z`;
    const payload = JSON.stringify({ id: `m${number}`, status: 'delivered', timestamp: ts });
    return {
      event_id: itemId(SOURCE, `m${number}:delivered`),
      type: number % 2 === 0 ? 'status' : 'update',
      subject: itemId(SOURCE, `m${number}`),
      ts,
      payload,
      content: contentOf(payload),
      delivery: deliveryOf(payload, ts),
    };
  });
}

function named(message: Message): MessageItem {
  const payload = JSON.stringify(message);
  return {
    ...message,
    message_id: itemId(SOURCE, message.message_id),
    kind: 'text',
    payload,
    content: contentOf(payload),
    delivery: deliveryOf(payload, message.ts),
  };
}

function deliveryOf(payload: string, receivedAt: string): Delivery {
  const headers = [['content-type', 'application/json']] as const;
  return { source: SOURCE, receivedAt, headers, body: Buffer.from(payload) };
}
