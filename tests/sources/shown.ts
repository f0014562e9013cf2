// One message or event as the service shows it: exactly its keys.
import assert from 'node:assert/strict';
import type { Service } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';

const EVENT_KEYS = [
  'event_id',
  'source',
  'type',
  'subject',
  'ts',
  'received_at',
  'seq',
  'delivery',
  'payload',
];
const MESSAGE_KEYS = [
  'message_id',
  'from',
  'to',
  'ts',
  'text',
  'source',
  'kind',
  'seq',
  'received_at',
  'delivery',
  'payload',
  'statuses',
  'conflicts',
];

/** The answer to `path?id=`, which must be 200, with exactly its keys. */
export async function shown(
  service: Service,
  path: '/message' | '/event',
  id: string,
): Promise<Record<string, unknown>> {
  const answer = await service.get(`${path}?id=${encodeURIComponent(id)}`);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['content-type'], 'application/json');
  return recordIn(answer.json(), path === '/message' ? MESSAGE_KEYS : EVENT_KEYS);
}

/** The events that are shown with a message. */
export function eventsIn(value: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(value));
  return value.map((event) => recordIn(event, EVENT_KEYS));
}

/** Whether an instant is one of these tests. */
export function isRecent(instant: unknown): boolean {
  return Math.abs(Date.parse(String(instant)) - Date.now()) < 3_600_000;
}
