// A consumer of the stream, before and after a restore: what it receives, and after which position.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Follower } from '../support/follower.ts';
import { type Draft, message } from '../support/message.ts';
import type { Service } from '../support/service.ts';
import type { Filled } from './filled.ts';
import { oncebox } from './oncebox.ts';

/** Numbers that come from the clock are above this, and all others of these tests below it. */
export const CLOCK_MIN = Date.UTC(2026, 0);

/** So many messages, with ids that say which they are. */
export const messages = (count: number, name: string): Draft[] =>
  Array.from({ length: count }, (_, index) => message({ message_id: `${name} ${index + 1}` }));

/** Restores, which must succeed, and returns what it reports. */
export async function restore(
  t: TestContext,
  { copy, env }: { copy: string; env: Filled['env'] },
  ...options: string[]
): Promise<Record<string, unknown>> {
  const result = await oncebox(t, ['restore', '--json', ...options, copy], { env });
  assert.equal(result.code, 0, result.stderr);
  return result.json();
}

/** The numbers and ids that a consumer with this position receives, once `count` of them have come. */
export async function received(
  t: TestContext,
  service: Service,
  position: number,
  count: number,
): Promise<(readonly [number, string])[]> {
  const follower = new Follower(t, service.port, '', String(position));
  await follower.take(count);
  follower.cut();
  return follower.events.map(({ id, data }) => [id, data.message_id] as const);
}
