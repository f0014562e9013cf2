// What forwarding asks PostgreSQL costs the same however much is stored and unfinished: no statement reads a table from its start.
import assert from 'node:assert/strict';
import { type TestContext, it } from 'node:test';
import { Client } from 'pg';
import type { Store, Unfinished } from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import { database, openAt } from './postgres-stores.ts';
import { connectTo } from '../postgres/client.ts';

const NAME = 'app';
const RAW = 'raw';
const BATCHES = 4_000;
const WIDTH = 25;
const ITEMS = BATCHES * WIDTH;
const MESSAGES = 20;

/** Batches of messages of the default source, and of events with a delivery each; one row for each, in every state. */
const FILL = `
  INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, created_at, ts_seconds, ts_nanos, batch, ord)
  SELECT convert_to('m' || n, 'UTF8'), '+' || n % 1000, '+1', '2025-01-15T10:00:00Z', '2025-01-15T10:00:00.000Z', 1736935200, 0, n / ${WIDTH} + 1000, n % ${WIDTH}
  FROM generate_series(0, ${ITEMS} - 1) n WHERE n % ${WIDTH} < ${MESSAGES};
  INSERT INTO events (event_id, source, type, ts, payload, content, delivery, created_at, ts_seconds, ts_nanos, batch, ord)
  SELECT convert_to('chat:e' || n, 'UTF8'), 'chat', 'status', '2025-01-15T10:00:00Z', '{}', md5(n::text), n, '2025-01-15T10:00:00.000Z', 1736935200, 0,
    n / ${WIDTH} + 1000, n % ${WIDTH} FROM generate_series(0, ${ITEMS} - 1) n WHERE n % ${WIDTH} >= ${MESSAGES};
  INSERT INTO origins (message_id, source, kind, payload, content, delivery, ts_seconds, ts_nanos, batch)
  SELECT m.message_id, e.source, 'text', '{}', e.content, e.delivery, e.ts_seconds, 0, e.batch
  FROM events e JOIN messages m ON m.batch = e.batch AND m.ord = e.ord - 1;
  INSERT INTO deliveries (delivery, source, received_at, headers, body, batch, ord)
  SELECT delivery, source, created_at, '[]', '{}', batch, ord FROM events;
  INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT b * ${WIDTH} + 1, ${WIDTH}, ${MESSAGES}, (b + 1) * ${MESSAGES}, b + 1000 FROM generate_series(0, ${BATCHES} - 1) b;
  INSERT INTO source_batches (first_seq, batch, items) SELECT first_seq, batch, ${WIDTH - MESSAGES} FROM batches;
  INSERT INTO forward_items (forward, seq, state, conversation, attempts, first_ms, last_ms, due_ms, error)
  SELECT f.name, n + 1, s.state, convert_to('c' || n % 5000, 'UTF8'), 1, n, n, CASE WHEN s.state = 'retry' THEN n END, 'answered 500'
  FROM forwards f, generate_series(0, ${ITEMS} - 1) n, (VALUES (0, 'retry'), (1, 'waiting'), (2, 'dead')) s (place, state) WHERE s.place = n / 5000 % 3;
  UPDATE forwards f SET position = ${ITEMS - 1000}, retrying = c.retrying, waiting = c.waiting, dead = c.dead FROM (
    SELECT forward, count(*) FILTER (WHERE state = 'retry') AS retrying, count(*) FILTER (WHERE state = 'waiting') AS waiting,
      count(*) FILTER (WHERE state = 'dead') AS dead FROM forward_items GROUP BY 1) c WHERE c.forward = f.name;
  ANALYZE;`;
const TABLES = [
  'forward_items',
  'messages',
  'events',
  'origins',
  'deliveries',
  'batches',
  'source_batches',
];

interface Sent {
  readonly text: string;
  readonly values: unknown[];
}

/** Runs `work`, and returns every statement with parameters that was sent meanwhile, once. */
async function statementsOf(t: TestContext, work: () => Promise<void>): Promise<Sent[]> {
  const sent = new Map<string, Sent>();
  const { mock } = t.mock.method(Client.prototype, 'query');
  await work();
  for (const { arguments: args } of mock.calls) {
    const [first, values] = args as readonly unknown[];
    if (typeof first === 'object') sent.set((first as Sent).text, first as Sent);
    else if (typeof first === 'string' && Array.isArray(values))
      sent.set(first, { text: first, values });
  }
  mock.restore();
  return [...sent.values()].filter(({ values }) => values.length > 0);
}

/** Every call that forwarding makes. */
async function callAll({ forwards }: Store): Promise<void> {
  const tried = { attempts: 1, firstMs: 1, lastMs: 2, dueMs: 3, error: 'answered 500' };
  const row: Unfinished = { seq: 1, state: 'retry', conversation: 'c1', ...tried };
  const end = { position: ITEMS - 500, finished: [ITEMS - 100, ITEMS - 50], nowMs: 5 };
  for (const [name, mode] of [
    [NAME, 'item'],
    [RAW, 'raw'],
  ] as const) {
    await forwards.lease(name);
    await forwards.open(name, mode, 'now');
    const { entries } = await forwards.entries(mode, ITEMS / 2, 50);
    assert.equal(entries.length, 50);
    const { found } = await forwards.contents(
      mode,
      entries.map(({ seq }) => seq),
    );
    assert.equal(found.length, 50);
    await forwards.held(name, ['c1', 'c2', 'none']);
    assert.equal((await forwards.due(name, 1e12, 16)).rows.length, 16);
    assert.equal((await forwards.dead(name, ITEMS / 2, 5)).length, 5);
    const change = { ...end, put: [row], remove: [2, 3], release: ['c1', 'c2'], delivered: 2 };
    assert.equal(await forwards.record(name, change), true);
    const [letter] = await forwards.dead(name, 0, 1);
    assert.equal(await forwards.retry(name, { ids: [letter?.id ?? ''] }, 5), 1);
    assert.equal(await forwards.replay(name, [{ seq: ITEMS - 100, conversation: 'c1' }], 5), 0);
    assert.ok((await forwards.discard(name, 'all')) > ITEMS / 4);
  }
  assert.equal((await forwards.statuses()).length, 2);
  assert.equal((await forwards.unfinishedOf(10)).length, 2);
}

it('no statement of forwarding reads a whole table', async (t) => {
  const { url, opened } = await database(t);
  const store = await openAt(url);
  opened.push(store);
  const client = await connectTo(t, url);
  // What is derived behind the commit is not wanted here.
  const take = `UPDATE leases SET holder = gen_random_uuid(), until = 'infinity' WHERE name LIKE 'background%' AND until < now()`;
  await store.close();
  await eventually('the lease', async () =>
    (await client.query(take)).rowCount === 1 ? true : undefined,
  );
  const filled = await openAt(url);
  opened.push(filled);
  for (const [name, mode] of [
    [NAME, 'item'],
    [RAW, 'raw'],
  ] as const) {
    await filled.forwards.lease(name);
    await filled.forwards.open(name, mode, 'beginning');
  }
  await client.query(FILL);
  let explained = 0;
  for (const { text, values } of await statementsOf(t, () => callAll(filled))) {
    if (!/forward|messages|events|deliveries/.test(text)) continue;
    const { rows } = await client.query<Record<string, string>>(`EXPLAIN ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN'] ?? '').join('\n');
    for (const table of TABLES)
      assert.doesNotMatch(
        plan,
        new RegExp(`Seq Scan on (public\\.)?${table}\\b`),
        `${text}\n${plan}`,
      );
    explained += 1;
  }
  assert.ok(explained >= 25, String(explained));
});
