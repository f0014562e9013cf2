// Import and prune that are killed on their way, again and again: the file is sound, and no message is lost or doubled.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { postAgain } from '../faults/load.ts';
import { assertSound } from '../faults/verify.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox, start } from './oncebox.ts';
import { HALF, assertAgrees, bytesHold, filled, messages, prune, tombstones } from './removal.ts';

describe('kill -9', () => {
  it('in the middle of prune, again and again: every message is there or known by its tombstone', async (t) => {
    const stored = messages();
    const directory = await filled(t, stored);
    const path = join(directory, 'app.db');
    let killed = 0;
    for (let round = 0; round < 12; round += 1) {
      const selection =
        round % 3 === 2
          ? ['--from', `+49${round % 5}`]
          : ['--before', `2025-01-${String(2 + round).padStart(2, '0')}T00:00:00Z`];
      const { child, ended } = start(t, ['prune', '-d', path, ...selection]);
      await sleep(250 + Math.random() * 500);
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') killed += 1;
      const [row] = query(path, 'SELECT count(*) AS count FROM messages');
      assert.equal(Number(row?.['count']) + tombstones(path), stored.length);
    }
    assert.ok(killed > 0);
    await assertAgrees(t, path);
    await prune(t, path, '--before', HALF);
    await assertAgrees(t, path);
    assert.equal(bytesHold(path, /SENDER0TEXT0\./), false);
    const service = await startService(t, { directory });
    const { total } = await service.page('?limit=1');
    for (const m of stored.slice(0, 100)) assert.equal((await postAgain(service, m)).status, 200);
    assert.equal((await service.page('?limit=1')).total, total);
  });

  it('in the middle of import, again and again: run once more, every message is there once', async (t) => {
    const stored = messages(30_000);
    const directory = temporaryDirectory(t);
    const path = join(directory, 'app.db');
    const input = join(directory, 'in.ndjson');
    writeFileSync(input, stored.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    let killed = 0;
    for (let round = 0; round < 10; round += 1) {
      const { child, ended } = start(t, ['import', '-d', path, input]);
      await sleep(250 + Math.random() * 600);
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') killed += 1;
      if (existsSync(path)) assertSound(path);
    }
    assert.ok(killed > 0);
    const { code, stderr } = await oncebox(t, ['import', '-d', path, input]);
    assert.equal(code, 0, stderr);
    await assertAgrees(t, path);
    const exported = await oncebox(t, ['export', '-d', path]);
    const lines = exported.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Stored);
    const byId = new Map(stored.map((m) => [m.message_id, m]));
    assert.equal(lines.length, stored.length);
    for (const { message_id, text } of lines) {
      assert.equal(byId.get(message_id)?.text, text);
      byId.delete(message_id);
    }
  });
});
