// Replicas whose clocks differ by years: one order, one lease, and retention that goes by the clock of the server.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Clock } from '../faults/clock.ts';
import { buildShim } from '../faults/shim.ts';
import { eventually } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { assertCounted, assertKept, assertStreamed, followed } from './kept.ts';
import { Provider } from './provider.ts';
import { startReplica } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const DAY_MS = 86_400_000;
/** How far the clock of each replica is from the true one; the first one has the lease. */
const OFFSETS_MS = [400 * DAY_MS, 0, -400 * DAY_MS];
const MESSAGES = 400;
/** Retention of the replicas: a message of now is too old by the clock of the first one alone. */
const RETENTION_DAYS = '30';

const built = buildShim({ after }, 'clock-shim.c');

it('replicas with clocks that differ store once, in one order, and remove nothing too early', async (t) => {
  if ('reason' in built) {
    t.skip(built.reason);
    return;
  }
  const url = await postgresDatabase(t);
  const clocks = OFFSETS_MS.map((offsetMs) => {
    const clock = new Clock(t, built.library);
    clock.jump(offsetMs);
    return clock;
  });
  const young = message({ message_id: 'young', ts: `${new Date().toISOString().slice(0, 19)}Z` });
  const old = message({ message_id: 'old', ts: '2001-01-01T00:00:00Z' });
  const first = await startReplica(t, url);
  await first.store(young, old);
  await first.stop();

  const services = [];
  for (const clock of clocks)
    services.push(await startReplica(t, url, { env: { ...clock.env, RETENTION_DAYS } }));
  const [ahead] = services;
  await ahead?.output.line('the run of retention', ({ event }) => event === 'pruned');
  const left = await queryOnce(url, "SELECT convert_from(message_id, 'UTF8') AS id FROM messages");
  assert.deepEqual(left, [{ id: 'young' }]);

  const ports = services.map(({ port }) => port);
  const readers = ports.map((port) => new StreamReader(t, () => port));
  const provider = new Provider({ ports: () => ports, prefix: 'skewed' });
  const fill = async (): Promise<void> => {
    const before = provider.acknowledged.size;
    await eventually('messages', () => provider.acknowledged.size > before + MESSAGES || undefined);
  };
  await fill();
  for (const clock of clocks) clock.jump(-clock.offsetMs);
  await fill();
  await provider.stop();
  const kept = await assertKept(url, provider.acknowledged, (id) => id === 'young');
  for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
  for (const service of services) {
    await followed(service);
    await assertCounted(service, kept);
  }
});
