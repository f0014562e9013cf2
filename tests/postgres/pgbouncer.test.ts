// pgbouncer in transaction mode shares few connections of the server among many clients.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import { endConnections, postgresDatabase } from '../support/postgres.ts';
import { connectTo } from './client.ts';
import { assertCounted, assertKept, assertStreamed, followed } from './kept.ts';
import { Provider } from './provider.ts';
import { startReplicas } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const MESSAGES = 400;

it('gives a client a connection of the server for a transaction', async (t) => {
  const url = await startPgbouncer(t, await postgresDatabase(t), 1);
  if (url === undefined) return;
  const clients = [await connectTo(t, url), await connectTo(t, url), await connectTo(t, url)];
  const pids = new Set<number>();
  for (const client of clients) {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    for (const { pid } of rows) pids.add(pid);
  }
  assert.equal(pids.size, 1);
});

it('serves replicas over few connections: nothing is lost or doubled, also when they are cut', async (t) => {
  const direct = await postgresDatabase(t);
  const url = await startPgbouncer(t, direct, 8);
  if (url === undefined) return;
  const services = await startReplicas(t, url, 3);
  const ports = services.map(({ port }) => port);
  const readers = ports.map((port) => new StreamReader(t, () => port));
  const provider = new Provider({ ports: () => ports, prefix: 'pooled' });
  const more = async (): Promise<void> => {
    const before = provider.acknowledged.size;
    await eventually('messages', () => provider.acknowledged.size > before + MESSAGES || undefined);
  };
  await more();
  await endConnections(direct);
  await more();
  await provider.stop();
  const kept = await assertKept(direct, provider.acknowledged, () => false);
  for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
  for (const service of services) {
    await followed(service);
    await assertCounted(service, kept);
  }
});
