// Import and prune that are killed on their way, again and again: the file is sound, and no message is lost or doubled.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { postAgain } from '../faults/load.ts';
import { assertSound } from '../faults/verify.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import type { Stored } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { type Call, oncebox, start } from './oncebox.ts';
import { HALF, assertAgrees, bytesHold, filled, messages, prune, tombstones } from './removal.ts';

const SENDERS = ['+490', '+491', '+492', '+493', '+494'];
const DAYS = ['02', '04', '06'].map((day) => `2025-01-${day}T00:00:00Z`);

/** What each call of prune removes, and where in the table that is; every one of them finds thousands of messages. */
const SELECTIONS = [
  ...SENDERS.map((sender) => ({ args: ['--from', sender], where: `from_msisdn = '${sender}'` })),
  ...DAYS.map((day) => ({ args: ['--before', day], where: `ts < '${day}'` })),
];

/** How many messages there are; 0 as long as there is no table. */
function count(path: string, where = 'true'): number {
  if (!existsSync(path)) return 0;
  if (query(path, "SELECT 1 FROM sqlite_schema WHERE name = 'messages'").length === 0) return 0;
  const [row] = query(path, `SELECT count(*) AS count FROM messages WHERE ${where}`);
  return Number(row?.['count']);
}

/** Kills it once its work is seen to be under way, and some time later. Returns whether it was still running. */
async function kill(
  { child, ended }: Call,
  isUnderWay: () => boolean,
  laterMs: number,
): Promise<boolean> {
  await eventually('work under way', () => isUnderWay() || child.exitCode !== null || undefined, 1);
  await sleep(laterMs);
  child.kill('SIGKILL');
  return (await ended).signal === 'SIGKILL';
}

describe('kill -9', () => {
  it('in the middle of prune, again and again: every message is there or known by its tombstone', async (t) => {
    const stored = messages();
    const directory = await filled(t, stored);
    const path = join(directory, 'app.db');
    let inTheMiddle = 0;
    for (const [round, { args, where }] of SELECTIONS.entries()) {
      const before = tombstones(path);
      // At first while it removes; then also while the index follows, and while the file shrinks.
      const laterMs = round < SENDERS.length ? 0 : Math.random() * 300;
      const call = start(t, ['prune', '-d', path, ...args]);
      const killed = await kill(call, () => tombstones(path) > before, laterMs);
      const removed = tombstones(path);
      assert.equal(count(path) + removed, stored.length);
      if (killed && removed > before && count(path, where) > 0) inTheMiddle += 1;
    }
    assert.ok(inTheMiddle > 0, 'no kill came between the first removal and the last');
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
    const input = join(directory, 'in.ndjson');
    writeFileSync(input, stored.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    let path = join(directory, 'app.db');
    let inTheMiddle = 0;
    for (let round = 0; round < 10; round += 1) {
      const before = count(path);
      // At first once it has stored something; then at any time, also while it makes the file.
      const [isUnderWay, laterMs] =
        round < 5 ? [() => count(path) > before, 0] : [() => true, Math.random() * 850];
      const call = start(t, ['import', '-d', path, input]);
      const killed = await kill(call, isUnderWay, laterMs);
      if (existsSync(path)) assertSound(path);
      const after = count(path);
      if (killed && after > before && after < stored.length) inTheMiddle += 1;
      // Nothing is left to import: the next one begins with another file.
      if (after === stored.length) path = join(directory, `${round}.db`);
    }
    assert.ok(inTheMiddle > 0, 'no kill came between the first message and the last');
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
