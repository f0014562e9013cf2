// pgbouncer in transaction mode shares few connections of the server among many clients.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startPgbouncer } from '../support/pgbouncer.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { connectTo } from './client.ts';

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
