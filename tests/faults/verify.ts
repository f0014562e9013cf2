// What must hold of a database after whatever happened to it: checked in the file, and through the service that opens it.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import type { Service } from '../support/service.ts';
import { statsIn } from '../support/shapes.ts';

/** How many of the messages that were acknowledged last are searched for. */
const SEARCHED_MAX = 5;

/**
 * Every acknowledged message is in the file once, as it was sent, unless it may be gone; nothing is there that was not sent. Returns
 * the number of rows.
 */
export function assertStored(
  path: string,
  acknowledged: ReadonlyMap<string, Stored>,
  mayBeThere?: (id: string) => boolean,
  mayBeGone?: (sent: Stored) => boolean,
): number {
  // NOT INDEXED reads the table itself: an index that lost or doubled an entry would not show it.
  const rows = query(
    path,
    'SELECT message_id, from_msisdn AS "from", to_msisdn AS "to", ts, text FROM messages NOT INDEXED',
  );
  return assertRows(rows as unknown as Stored[], acknowledged, mayBeThere, mayBeGone);
}

/** The same of rows that were read already. */
export function assertRows(
  rows: readonly Stored[],
  acknowledged: ReadonlyMap<string, Stored>,
  mayBeThere: (id: string) => boolean = () => true,
  mayBeGone: (sent: Stored) => boolean = () => false,
): number {
  const seen = new Set<string>();
  let found = 0;
  for (const row of rows) {
    const id = row.message_id;
    assert.ok(!seen.has(id), `${id} is stored twice`);
    seen.add(id);
    const sent = acknowledged.get(id);
    if (sent === undefined) {
      assert.ok(mayBeThere(id), `${id} is stored and was never sent`);
      continue;
    }
    found += 1;
    for (const field of ['from', 'to', 'ts', 'text'] as const)
      assert.equal(row[field], sent[field], id);
  }
  if (found < acknowledged.size) {
    const lost = [...acknowledged].filter(([id, sent]) => !seen.has(id) && !mayBeGone(sent));
    const ids = lost.slice(0, 3).map(([id]) => id);
    assert.equal(
      lost.length,
      0,
      `${lost.length} acknowledged messages are lost, ${ids.join(', ')} among them`,
    );
  }
  return rows.length;
}

/** The file is sound by SQLite's own check. */
export function assertSound(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare('PRAGMA integrity_check').all();
    assert.deepEqual(
      rows.map((row) => row['integrity_check']),
      ['ok'],
    );
  } finally {
    database.close();
  }
}

/** What the service counts and finds is what a scan of its file gives. The service must be at rest. */
export async function assertConsistent(
  service: Service,
  acknowledged: ReadonlyMap<string, Stored>,
): Promise<void> {
  const path = service.databasePath;
  const stats = statsIn((await service.get('/stats')).json());
  const senders = query(
    path,
    'SELECT from_msisdn, count(*) AS count FROM messages NOT INDEXED GROUP BY 1 ORDER BY 2 DESC, 1',
  ).map((row) => ({ from: String(row['from_msisdn']), count: Number(row['count']) }));
  const total = senders.reduce((sum, { count }) => sum + count, 0);
  assert.deepEqual(
    [stats.total_messages, stats.senders_count, stats.messages_per_sender],
    [total, senders.length, senders.slice(0, 10)],
  );
  assert.equal((await service.page('?limit=1')).total, total);
  const [top] = senders;
  if (top) {
    const page = await service.page(`?limit=1&from=${encodeURIComponent(top.from)}`);
    assert.equal(page.total, top.count);
  }
  const since = '2025-01-15T10:30:00Z';
  const scanned = query(
    path,
    `SELECT count(*) AS count FROM messages NOT INDEXED WHERE ts >= '${since.slice(0, 19)}'`,
  );
  assert.equal((await service.page(`?limit=1&since=${since}`)).total, scanned[0]?.['count']);
  for (const stored of [...acknowledged.values()].slice(-SEARCHED_MAX)) {
    const word = /^(.* word[0-9]+end)/.exec(stored.text ?? '')?.[1];
    assert.ok(word);
    const { data } = await service.page(`?q=${encodeURIComponent(word.toUpperCase())}`);
    assert.deepEqual(data, [stored]);
  }
}
