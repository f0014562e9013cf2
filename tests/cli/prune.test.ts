// `oncebox prune`: what is removed is gone to its last byte, and known again by its id, also when the command is killed on its way.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { Load, postAgain } from '../faults/load.ts';
import { assertSound } from '../faults/verify.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox, start } from './oncebox.ts';

const COUNT = 12_000;
const HALF = '2025-01-10T00:00:00Z';

/** Messages of two weeks, with texts that say whose they are. */
function messages(count = COUNT): Stored[] {
  return Array.from(
    { length: count },
    (_, at) =>
      message({
        message_id: `wamid.${((at * 2_654_435_761) % 4_294_967_296).toString(36)}.${at}`,
        from: `+49${at % 5}`,
        ts: `2025-01-${String(1 + Math.floor((at * 14) / count)).padStart(2, '0')}T10:00:00Z`,
        text: `SENDER${at % 5}TEXT${at}. ${'some words of it '.repeat(at % 20)}`,
      }) as unknown as Stored,
  );
}

function isOld(stored: Stored): boolean {
  return stored.ts < HALF;
}

/** Makes a database with the messages in it. */
async function filled(t: TestContext, stored: readonly Stored[]): Promise<string> {
  const directory = temporaryDirectory(t);
  const input = join(directory, 'in.ndjson');
  writeFileSync(input, stored.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const { code, stderr } = await oncebox(t, ['import', '-d', join(directory, 'app.db'), input]);
  assert.equal(code, 0, stderr);
  return directory;
}

async function prune(
  t: TestContext,
  path: string,
  ...args: string[]
): Promise<Record<string, unknown>> {
  const result = await oncebox(t, ['prune', '-d', path, '--json', ...args]);
  assert.equal(result.code, 0, result.stderr);
  return result.json();
}

/** Whether any byte of the file or its log still spells a text that matches. */
function bytesHold(path: string, pattern: RegExp): boolean {
  return [path, `${path}-wal`].some(
    (file) => existsSync(file) && pattern.test(readFileSync(file, 'latin1')),
  );
}

/** What the file counts, orders and lists equals a scan, and so says the command. */
async function assertAgrees(t: TestContext, path: string): Promise<void> {
  assertSound(path);
  const { code, stdout, stderr } = await oncebox(t, ['check', '-d', path]);
  assert.equal(code, 0, `${stdout} ${stderr}`);
}

function tombstones(path: string): number {
  const [row] = query(path, 'SELECT count(*) AS count FROM tombstones');
  return Number(row?.['count']);
}

describe('prune', () => {
  it('counts what it would remove, and removes nothing, with --dry-run', async (t) => {
    const stored = messages(500);
    const path = join(await filled(t, stored), 'app.db');
    const count = stored.filter(isOld).length;
    assert.deepEqual(await prune(t, path, '--before', HALF, '--dry-run'), {
      dryRun: true,
      matching: count,
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
    let done = false;
    void pruning.finally(() => (done = true));
    let cursor: string | null = '/messages?limit=100';
    const walked: string[] = [];
    while (!done) {
      const stats = (await service.get('/stats')).json() as { total_messages: number };
      assert.ok(stats.total_messages >= stored.filter((m) => !isOld(m)).length);
      if (cursor === null) continue;
      const answer = await service.get(cursor);
      walked.push(...(answer.json() as { data: Stored[] }).data.map((m) => m.message_id));
      cursor = /<([^>]+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1] ?? null;
    }
    assert.equal((await pruning)['removed'], stored.filter(isOld).length);
    await load.stop();
    assert.deepEqual([...load.statuses.keys()], [200]);
    // The walk was over places that vanished under it: what stays comes once.
    assert.equal(new Set(walked).size, walked.length);
    while (cursor !== null) {
      const answer = await service.get(cursor);
      walked.push(...(answer.json() as { data: Stored[] }).data.map((m) => m.message_id));
      cursor = /<([^>]+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1] ?? null;
    }
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
