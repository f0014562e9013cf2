// `oncebox restore` and the numbers of messages: never used again, so that a consumer's stored position skips nothing.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execute, query } from '../support/database.ts';
import { issuesOf } from '../support/issues.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { CLOCK_MIN, messages, received, restore } from './consumer.ts';
import { oncebox } from './oncebox.ts';
import { type Filled, filled } from './filled.ts';

const SCHEMA_1 = fileURLToPath(new URL('../faults/schemas/1.sql', import.meta.url));

/** A backup of the first `messages` messages, and the database after `more` of them, with no service on it. */
async function backedUp(
  t: TestContext,
  count: number,
  more: number,
): Promise<Filled & { copy: string }> {
  const first = await filled(t, count);
  const copy = join(first.directory, 'copy.db');
  copyFileSync(first.path, copy);
  const service = await startService(t, { directory: first.directory });
  await Promise.all(messages(more, 'lost').map((lost) => service.store(lost)));
  await service.stop();
  return { ...first, copy };
}

describe('after oncebox restore', () => {
  it('a consumer receives every new message once, whatever position it has stored', async (t) => {
    const database = await backedUp(t, 19, 4);
    assert.equal((await restore(t, database))['lastSeq'], 23);
    const service = await startService(t, { directory: database.directory });
    const [issue] = issuesOf(await service.get('/messages/stream?after=24'));
    assert.equal(issue?.type, 'less_than_equal');
    await service.store(message({ message_id: 'lost 2' }), ...messages(5, 'new'));
    const fresh = ['lost 2', 'new 1', 'new 2', 'new 3', 'new 4', 'new 5'].map(
      (id, index) => [24 + index, id] as const,
    );
    // At the last message, in the gap, at the end of the backup, and before it.
    for (const position of [23, 21, 20, 19])
      assert.deepEqual(await received(t, service, position, 6), fresh);
    const before = [18, 19].map((number) => [number, `m${number - 1}`] as const);
    assert.deepEqual(
      (await received(t, service, 17, 8)).map(([number]) => number),
      [...before, ...fresh].map(([number]) => number),
    );
  });

  it('the same from a backup that is older by thousands of messages, pruned and killed before', async (t) => {
    const database = await backedUp(t, 40, 3_000);
    const { directory, env } = database;
    const killed = await startService(t, { directory });
    await killed.store(...messages(3, 'newest').map((one) => ({ ...one, from: '+7' })));
    assert.equal((await oncebox(t, ['prune', '--from', '+7'], { env })).code, 0);
    await killed.stop('SIGKILL');
    assert.equal((await restore(t, database))['lastSeq'], 3_043);
    const service = await startService(t, { directory });
    await service.store(...messages(2, 'new'));
    assert.deepEqual(await received(t, service, 3_043, 2), [
      [3_044, 'new 1'],
      [3_045, 'new 2'],
    ]);
    assert.deepEqual((await service.page('?q=number&limit=1')).total, 40);
  });

  it('restored again and again, also the file that was replaced, and one of the oldest schema', async (t) => {
    const database = await backedUp(t, 5, 5);
    const { directory, env, path } = database;
    const first = await restore(t, database);
    const service = await startService(t, { directory });
    await service.store(message());
    await service.stop();
    assert.equal((await restore(t, { copy: String(first['kept']), env }))['lastSeq'], 11);
    const old = join(directory, 'old.db');
    const made = new DatabaseSync(old);
    made.exec(readFileSync(SCHEMA_1, 'utf8'));
    made.exec(`INSERT INTO messages VALUES ('old', '+1', '+2', '2025-01-15T10:00:00Z', NULL, '2025-01-15T10:00:00Z', 3, 1736935200, 0);
      UPDATE counters SET value = 4`);
    made.close();
    assert.equal((await restore(t, { copy: old, env }))['lastSeq'], 11);
    const after = await startService(t, { directory });
    await after.store(message({ message_id: 'new' }));
    assert.deepEqual(await received(t, after, 2, 2), [
      [3, 'old'],
      [12, 'new'],
    ]);
    await after.stop();
    copyFileSync(path, database.copy);
    rmSync(path);
    assert.equal((await restore(t, database, '--first-number', '100'))['lastSeq'], 99);
  });

  it('numbers continue where the operator says, but never at one that a message has had', async (t) => {
    const database = await backedUp(t, 3, 4);
    const before = readFileSync(database.path);
    for (const [number, why] of [
      ['7', /--first-number must be above 7/],
      ['4000000000001', /whole number from 1 to/],
      ['x', /whole number from 1 to/],
    ] as const) {
      const args = ['restore', '--first-number', number, database.copy];
      const { code, stderr } = await oncebox(t, args, { env: database.env });
      assert.notEqual(code, 0);
      assert.match(stderr, why);
    }
    assert.ok(before.equals(readFileSync(database.path)));
    const report = await restore(t, database, '--first-number', '8');
    assert.deepEqual([report['lastSeq'], report['numberSource']], [7, 'option']);
  });
});

describe('a number that was given once', () => {
  it('is not given again after the newest messages were pruned, with --vacuum, repair and restart', async (t) => {
    const { directory, path, env } = await filled(t, 6);
    let last = 6;
    for (const args of [
      ['prune', '--from', '+7'],
      ['prune', '--from', '+7', '--vacuum'],
      ['check', '--repair'],
    ]) {
      const service = await startService(t, { directory });
      await service.store(message({ from: '+7' }));
      last += 1;
      assert.deepEqual(
        (await received(t, service, last - 1, 1)).map(([number]) => number),
        [last],
      );
      await service.stop();
      assert.equal((await oncebox(t, args, { env })).code, 0);
    }
    execute(
      path,
      `DELETE FROM messages WHERE seq > 4; UPDATE counters SET value = 3 WHERE name = 'last_seq'`,
    );
    const found = await oncebox(t, ['check'], { env });
    assert.match(found.stdout, /number above the last one given: 1 kept, 0 by a scan/);
    assert.equal((await oncebox(t, ['check', '--repair'], { env })).code, 0);
    const [row] = query(path, "SELECT value FROM counters WHERE name = 'last_seq'");
    assert.ok(Number(row?.['value']) > CLOCK_MIN);
  });
});
