// `oncebox prune`: what is removed is gone to its last byte, and known again by its id.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { Load, postAgain } from '../faults/load.ts';
import { during } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import {
  HALF,
  assertAgrees,
  bytesHold,
  filled,
  isOld,
  messages,
  prune,
  tombstones,
} from './removal.ts';

describe('prune', () => {
  it('counts what it would remove, and removes nothing, with --dry-run', async (t) => {
    const stored = messages(500);
    const path = join(await filled(t, stored), 'app.db');
    const count = stored.filter(isOld).length;
    assert.deepEqual(await prune(t, path, '--before', HALF, '--dry-run'), {
      dryRun: true,
      matching: count,
      matchingEvents: 0,
    });
    const old = await prune(t, path, '--older-than', '1d', '--from', '+491', '--dry-run');
    assert.equal(old['matching'], 100);
    assert.equal(tombstones(path), 0);
  });

  it('by an instant: the rest is listed, counted and found; the file shrinks; a late retry is a duplicate', async (t) => {
    const stored = messages();
    const directory = await filled(t, stored);
    const path = join(directory, 'app.db');
    const bytesBefore = statSync(path).size;
    const told = await prune(t, path, '--before', HALF);
    const removed = stored.filter(isOld);
    assert.equal(told['removed'], removed.length);
    assert.deepEqual([told['shrinkable'], told['logEmptied']], [true, true]);
    assert.equal(told['bytesAfter'], statSync(path).size);
    assert.ok(statSync(path).size < bytesBefore * 0.6, `${bytesBefore} to ${statSync(path).size}`);
    await assertAgrees(t, path);
    const service = await startService(t, { directory });
    assert.equal((await service.page('?limit=1')).total, stored.length - removed.length);
    assert.equal(
      (await service.page('?q=sender3TEXT')).total,
      stored.filter((m) => !isOld(m) && m.from === '+493').length,
    );
    const before = await service.get('/stats');
    for (const old of removed.slice(0, 20))
      assert.equal((await postAgain(service, old)).status, 200);
    assert.equal((await service.get('/stats')).text, before.text);
    await service.output.line(
      'the line of the retry',
      (line) => line['message_id'] === removed[0]?.message_id && line['result'] === 'duplicate',
    );
  });

  for (const args of [[], ['--vacuum']]) {
    it(`of a sender ${args.join('')}: its texts are in no byte of the file and its log`, async (t) => {
      const stored = messages(4_000);
      const path = join(await filled(t, stored), 'app.db');
      assert.equal(bytesHold(path, /SENDER3TEXT/), true);
      const told = await prune(t, path, '--from', '+493', ...args);
      assert.deepEqual([told['removed'], told['logEmptied']], [800, true]);
      assert.equal(bytesHold(path, /SENDER3TEXT/), false);
      assert.equal(bytesHold(path, /\+493[^0-9]/), false);
      assert.equal(bytesHold(path, /SENDER2TEXT/), true);
      await assertAgrees(t, path);
    });
  }

  it('a file of an earlier version, which cannot shrink by steps, shrinks with --vacuum', async (t) => {
    const path = join(await filled(t, messages(3_000)), 'app.db');
    const old = new DatabaseSync(path);
    old.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL',
    );
    old.close();
    const first = await prune(t, path, '--before', HALF);
    assert.equal(first['shrinkable'], false);
    assert.ok(Number(first['bytesAfter']) >= Number(first['bytesBefore']));
    const second = await prune(t, path, '--before', HALF, '--vacuum');
    assert.equal(second['shrinkable'], true);
    assert.ok(Number(second['bytesAfter']) < Number(first['bytesAfter']) * 0.6);
    await assertAgrees(t, path);
  });

  const WRONG: readonly (readonly string[])[] = [
    [],
    ['--before', 'yesterday'],
    ['--older-than', '90'],
    ['--before', HALF, '--older-than', '90d'],
  ];
  for (const args of WRONG) {
    it(`is refused with ${args.join(' ') || 'nothing to go by'}`, async (t) => {
      const path = join(temporaryDirectory(t), 'app.db');
      assert.equal((await oncebox(t, ['prune', '-d', path, ...args])).code, 2);
      assert.equal(existsSync(path), false);
    });
  }

  it('beside a service under load: no answer is wrong meanwhile, and nothing new is lost', async (t) => {
    const stored = messages();
    const directory = await filled(t, stored);
    const service = await startService(t, { directory });
    const load = new Load({ port: service.port, connections: 4, prefix: 'new' });
    const pruning = prune(t, service.databasePath, '--before', HALF);
    const place: { next: string | null } = { next: '/messages?limit=100' };
    const walked: string[] = [];
    const walk = async (from: string): Promise<void> => {
      const answer = await service.get(from);
      walked.push(...(answer.json() as { data: Stored[] }).data.map((m) => m.message_id));
      place.next = /<([^>]+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1] ?? null;
    };
    const told = await during(pruning, async () => {
      const stats = (await service.get('/stats')).json() as { total_messages: number };
      assert.ok(stats.total_messages >= stored.filter((m) => !isOld(m)).length);
      if (place.next !== null) await walk(place.next);
    });
    assert.equal(told['removed'], stored.filter(isOld).length);
    await load.stop();
    assert.deepEqual([...load.statuses.keys()], [200]);
    // The walk was over places that vanished under it: what stays comes once.
    assert.equal(new Set(walked).size, walked.length);
    while (place.next !== null) await walk(place.next);
    const seen = new Set(walked);
    for (const m of stored)
      if (!isOld(m)) assert.ok(seen.has(m.message_id), `${m.message_id} was not walked over`);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    const ids = new Set(
      query(service.databasePath, 'SELECT message_id FROM messages').map(
        (row) => row['message_id'],
      ),
    );
    for (const id of load.acknowledged.keys()) assert.ok(ids.has(id), id);
    await assertAgrees(t, service.databasePath);
  });
});
