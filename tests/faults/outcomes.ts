// Which of the posts of one message stored it: the log names exactly one, whatever else was in its batch.
import assert from 'node:assert/strict';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import type { Options } from '../support/service.ts';
import { Load } from './load.ts';
import { assertStored } from './verify.ts';

/**
 * Posts under load, repeats among them, then stops the service in the midst of more. Rejects unless every acknowledged
 * message is stored, and every one that was left to end in peace has one line that says `created`.
 */
export async function assertOutcomes(t: Cleaner, options: Options = {}): Promise<void> {
  const service = await startService(t, options);
  const { port } = service;
  const load = new Load({ port, connections: 8, prefix: 'out', reads: false });
  await eventually('messages', () => load.acknowledged.size > 500 || undefined);
  await load.stop();
  const last = new Load({ port, connections: 8, prefix: 'end', reads: false });
  await eventually('more messages', () => last.acknowledged.size > 200 || undefined);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  await last.ended();
  assertStored(service.databasePath, new Map([...load.acknowledged, ...last.acknowledged]));
  const created = new Map([...load.acknowledged.keys()].map((id) => [id, 0]));
  for (const { result, message_id } of service.output.requests()) {
    const before = result === 'created' ? created.get(String(message_id)) : undefined;
    if (before !== undefined) created.set(String(message_id), before + 1);
  }
  for (const [id, count] of created) assert.equal(count, 1, `${id} was created ${count} times`);
}
