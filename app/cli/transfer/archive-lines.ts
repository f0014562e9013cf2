// The lines of NDJSON that hold items of named sources, events and deliveries: how an export writes them.
import type { ArchivedDelivery, ArchivedEvent, ArchivedMessage } from '../../storage/archive.ts';

/**
 * Returns the line of a message, line end included. Of the default source it has the fields of the webhook and the time of arrival. A
 * payload is a string: so it keeps its order of keys and its numbers through any program that reads the line.
 */
export function messageLine(message: ArchivedMessage): string {
  const { message_id, from, to, ts, text, created_at, source, kind, payload, content } = message;
  const plain = { message_id, from, to, ts, text, created_at };
  return line(source === null ? plain : { ...plain, source, kind, payload, content });
}

/** Returns the line of an event. */
export function eventLine(event: ArchivedEvent): string {
  const { event_id, source, type, subject, ts, created_at, payload, content } = event;
  return line({ event_id, source, type, subject, ts, created_at, payload, content });
}

/** Returns the line of a delivery: its body in Base64, and the ids of its items. */
export function deliveryLine(delivery: ArchivedDelivery): string {
  const { number, source, receivedAt, headers, body, messages, events } = delivery;
  return line({
    delivery: number,
    source,
    received_at: receivedAt,
    headers,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    messages,
    events,
  });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
