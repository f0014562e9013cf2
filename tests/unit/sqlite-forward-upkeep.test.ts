// Backups hold destinations, a restore keeps them, and a check finds what is wrong of them.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import type { StoreAdmin } from '../../app/storage/admin.ts';
import { openAdmin } from '../../app/storage/open.ts';
import { message } from '../contract/engine.ts';
import { NAME, change, waiting } from '../contract/forward-changes.ts';
import { execute } from '../support/database.ts';
import { databasePath, openStore, retried } from './sqlite-forwards.ts';

const signal = new AbortController().signal;

/** A database with a destination that has rows of every state. */
async function filled(t: TestContext): Promise<{ path: string; admin: StoreAdmin }> {
  const path = databasePath(t);
  const store = await openStore(t, path);
  await store.append([message(), message(), message(), message()]);
  await store.forwards.open(NAME, 'item', 'beginning');
  const put = [
    retried(1, { conversation: 'talk' }),
    waiting(2, 'talk'),
    retried(3, { state: 'dead', dueMs: null }),
  ];
  await store.forwards.record(NAME, change(3, { put, delivered: 5 }));
  await store.close();
  return { path, admin: await openAdmin({ engine: 'sqlite', path }) };
}

async function problems(admin: StoreAdmin): Promise<readonly string[]> {
  const { findings } = await admin.check('full', signal, () => undefined);
  return findings.flatMap((finding) => finding.problems);
}

it('a restored backup has the destinations and their rows', async (t) => {
  const { path, admin } = await filled(t);
  const copy = join(dirname(path), 'copy.db');
  const backup = { target: copy, replace: false, depth: 'full', signal } as const;
  await admin.backup(backup, () => undefined);
  const before = await openStore(t, path);
  const statuses = await before.forwards.statuses();
  await before.forwards.record(NAME, change(4, { remove: [1, 2, 3] }));
  await before.close();
  const restored = { backup: copy, depth: 'full', firstNumber: null, signal } as const;
  await admin.restore(restored, () => undefined);
  assert.deepEqual(await problems(admin), []);
  const after = await openStore(t, path);
  assert.deepEqual(await after.forwards.statuses(), statuses);
  assert.equal((await after.forwards.unfinishedOf(2))[0]?.state, 'waiting');
});

it('a check finds a destination that cannot be right, and a repair fixes it', async (t) => {
  const { path, admin } = await filled(t);
  assert.deepEqual(await problems(admin), []);
  execute(
    path,
    `UPDATE forwards SET position = 9, waiting = 4, finished = '[';
     INSERT INTO forward_items SELECT 77, seq, state, conversation, attempts, first_ms, last_ms, due_ms, error
       FROM forward_items WHERE seq = 3`,
  );
  assert.deepEqual(await problems(admin), [
    'the destination app is at 9, and began after 0: the last number given is 4',
    'what the destination app has finished cannot be read',
    'entries of the destination app in the state waiting: 4 kept, 1 by a scan',
    'rows of destinations that are not there: 1 kept, 0 by a scan',
  ]);
  await admin.repair(() => undefined);
  assert.deepEqual(await problems(admin), []);
  const store = await openStore(t, path);
  const [status] = await store.forwards.statuses();
  assert.deepEqual([status?.position, status?.finished, status?.waiting], [4, [], 1]);
});
