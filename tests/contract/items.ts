// Posts of named sources with the items that a scheme makes of them.
import { hash } from 'node:crypto';
import type { Delivery, EventItem, MessageItem } from '../../app/model/item.ts';

let lastPost = 0;

/** Returns a post that no other equals: a body of bytes that are no text, and two headers. */
export function delivery(source = 'chat', overrides: Partial<Delivery> = {}): Delivery {
  lastPost += 1;
  return {
    source,
    receivedAt: new Date(Date.UTC(2025, 0, 15, 12, 0, 0, lastPost)).toISOString(),
    headers: [
      ['content-type', 'application/json'],
      ['x-signature', `né "${lastPost}"`],
    ],
    body: Buffer.from([0, 255, 10, lastPost % 256, Math.floor(lastPost / 256)]),
    ...overrides,
  };
}

/** Returns a message of the post. Its id is `id` behind the name of the source; its payload has what a parser would change. */
export function messageItem(
  of: Delivery,
  id: string,
  overrides: Partial<MessageItem> = {},
): MessageItem {
  const text = overrides.text ?? null;
  const payload = `{"z": 12345678901234567890, "a":"\\u00e9\\/",\n"id":${JSON.stringify(id)},"text":${JSON.stringify(text)}}`;
  return {
    message_id: `${of.source}:${id}`,
    from: '+15550100',
    to: 'shop',
    ts: '2025-01-15T10:00:00Z',
    text: null,
    kind: 'text',
    payload,
    content: contentOf(overrides.payload ?? payload),
    delivery: of,
    ...overrides,
  };
}

/** Returns an event of the post likewise. */
export function eventItem(of: Delivery, id: string, overrides: Partial<EventItem> = {}): EventItem {
  const payload = `{"b":1.0,"a":{"id":${JSON.stringify(id)}}}`;
  return {
    event_id: `${of.source}:${id}`,
    type: 'status',
    subject: null,
    ts: '2025-01-15T10:00:00Z',
    payload,
    content: contentOf(overrides.payload ?? payload),
    delivery: of,
    ...overrides,
  };
}

function contentOf(text: string): string {
  return hash('sha256', text).slice(0, 32);
}
