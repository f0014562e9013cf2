// A database of schema 1 becomes one of today beside replicas of the old program: nothing waits, and no table with messages is written anew.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Client } from 'pg';
import { MIGRATIONS } from '../../app/storage/postgres/database/schema-steps.ts';
import { openStore } from '../../app/storage/open.ts';
import { append, idsOf, list } from '../contract/engine.ts';
import { locationOf } from '../contract/postgres.ts';
import { delivery, messageItem } from '../contract/items.ts';
import { bounded } from '../support/bounded.ts';
import { connectTo } from '../postgres/client.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { silent } from './stores.ts';

/** The append of the old program, of one message, in its last step before the commit. */
const append1 = (id: string): string => `
  INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, ts_seconds, ts_nanos, ord, batch)
  VALUES ('${id}', '+1', '+2', '2025-01-15T10:00:00Z', NULL, '2025-02-01T00:00:00.000Z', 1736935200, 0, 0, nextval('batch_ids'));
  SELECT 1 FROM commit_order FOR UPDATE;
  INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT coalesce(l.first_seq + l.width, 1), 1, 1, coalesce(l.total, 0) + 1, currval('batch_ids')
  FROM (SELECT 1) one LEFT JOIN (SELECT * FROM batches ORDER BY first_seq DESC LIMIT 1) l ON true`;
/** How the old program takes the lease, and keeps it. */
const lease = (
  name: string,
): string => `UPDATE leases SET holder = gen_random_uuid(), until = now() + interval '12 s'
  WHERE name = '${name}'`;
const LEASE_1 = lease('background');
/** Where the server has what is stored: another file where a table or an index is written anew. */
const FILES = `SELECT relname, pg_relation_filenode(oid) AS file FROM pg_class
  WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace ORDER BY 1`;

async function files(client: Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ relname: string; file: number }>(FILES);
  return new Map(rows.map(({ relname, file }) => [relname, file]));
}

it('a database of schema 1 is upgraded beside replicas of the old program', async (t) => {
  const url = await postgresDatabase(t);
  const [old, reader] = [await connectTo(t, url), await connectTo(t, url)];
  await old.query(MIGRATIONS[0] ?? '');
  await old.query(
    'CREATE TABLE oncebox_schema (version integer); INSERT INTO oncebox_schema VALUES (1)',
  );
  await old.query(append1('before'));
  assert.equal((await old.query(LEASE_1)).rowCount, 1);
  const before = await files(old);
  // A long read and a commit that is under way: the step must wait for neither.
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query('SELECT FROM messages, batches, tombstones, senders, segments, periods');
  await old.query('BEGIN');
  await old.query(append1('meanwhile'));
  const options = { queueMessagesMax: 100, retentionDays: null, forwards: [], readerThreads: 2 };
  const opening = openStore(locationOf(url), options, silent);
  const store = await bounded(opening, () => 'the upgrade');
  try {
    await old.query('COMMIT');
    await reader.query('COMMIT');
    const after = await files(old);
    for (const [name, file] of before) assert.equal(after.get(name), file, name);
    // The old program stores on, and gets no background work any more.
    await old.query(append1('after'));
    for (const name of ['background', 'background-2'])
      assert.equal((await old.query(lease(name))).rowCount, 0, name);
    await append(store, messageItem(delivery(), 'new'));
    const ids = ['after', 'before', 'chat:new', 'meanwhile'];
    assert.deepEqual(idsOf((await list(store)).data), ids);
    assert.deepEqual(
      (await store.sources()).map(({ source, messages }) => [source, messages]),
      [
        ['chat', 1],
        ['default', 3],
      ],
    );
    for (const { lastReceivedAt } of await store.sources()) assert.notEqual(lastReceivedAt, null);
  } finally {
    await store.close();
  }
});
