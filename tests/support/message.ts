// Messages as a provider would send them, their signature, and the bytes that go over the wire.
import { createHmac, randomUUID } from 'node:crypto';

/** The secret that tests start the service with. */
export const SECRET = 'the secret of these tests';

/** A message whose fields may hold anything, so that wrong ones can be sent as well. */
export interface Draft {
  message_id?: unknown;
  from?: unknown;
  to?: unknown;
  ts?: unknown;
  text?: unknown;
  [key: string]: unknown;
}

/** A message as `GET /messages` gives it. */
export interface Stored {
  message_id: string;
  from: string;
  to: string;
  ts: string;
  text: string | null;
}

/** Returns a valid message with an id of its own. Fields in `overrides` replace its fields; undefined leaves one out. */
export function message(overrides: Draft = {}): Draft {
  return {
    message_id: `wamid.${randomUUID()}`,
    from: '+919876543210',
    to: '+14155550100',
    ts: '2025-01-15T10:00:00Z',
    text: 'Hello',
    ...overrides,
  };
}

/** Returns a phone number that no other call gives, so that a test can list its own messages and no others. */
export function uniqueNumber(): string {
  lastNumber += 1;
  return `+49${process.pid}${String(lastNumber).padStart(6, '0')}`;
}
let lastNumber = 0;

/** The lower-case hex HMAC-SHA256 of the bytes. */
export function sign(body: Buffer | string, secret: Buffer | string = SECRET): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** The bytes of a message: JSON for a draft, text and bytes as they are. */
export function bytesOf(body: Draft | Buffer | string): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
}
