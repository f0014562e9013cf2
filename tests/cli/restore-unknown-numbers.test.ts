// `oncebox restore` in place of a database that cannot say which numbers it has given: they continue far above.
import assert from 'node:assert/strict';
import { copyFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { execute, query } from '../support/database.ts';
import { startService } from '../support/service.ts';
import { CLOCK_MIN, messages, received, restore } from './consumer.ts';
import { oncebox } from './oncebox.ts';
import { filled } from './filled.ts';

describe('where the replaced database cannot say which numbers it has given', () => {
  const log = (path: string): Buffer => readFileSync(`${path}-wal`);
  const LOST: readonly (readonly [name: string, lose: (path: string) => void])[] = [
    ['it is gone', (path) => rmSync(path)],
    ['it is gone, and its log is not', (path) => renameSync(path, `${path}.gone`)],
    ['it is damaged', (path) => writeFileSync(path, readFileSync(path).fill(0x5a, 0, 30_000))],
    [
      'its counter is gone',
      (path) => execute(path, "DELETE FROM counters WHERE name = 'last_seq'"),
    ],
    ['its counter is behind', (path) => execute(path, 'UPDATE counters SET value = 2')],
    [
      'its log is damaged in the middle',
      (path) => writeFileSync(`${path}-wal`, log(path).fill(0x5a, 6_000, 6_100)),
    ],
    [
      'its log is damaged near its end, after whole transactions',
      (path) => writeFileSync(`${path}-wal`, log(path).fill(0x5a, log(path).length - 2_000)),
    ],
    [
      'the head of its log is damaged',
      (path) => writeFileSync(`${path}-wal`, log(path).fill(0, 0, 32)),
    ],
    [
      'an earlier restore was killed after it had taken the log away',
      (path) => {
        renameSync(`${path}-wal`, `${path}.before-restore-20260101T000000000Z-wal`);
        linkSync(path, `${path}.before-restore-20260101T000000000Z`);
      },
    ],
  ];
  for (const [name, lose] of LOST) {
    it(`numbers continue far above: ${name}`, async (t) => {
      const { directory, path, env } = await filled(t, 3);
      const copy = join(directory, 'copy.db');
      copyFileSync(path, copy);
      const service = await startService(t, { directory });
      await service.store(...messages(4, 'lost'));
      await service.stop('SIGKILL');
      lose(path);
      const result = await oncebox(t, ['restore', '--json', copy], { env });
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stderr, /^the last number of the replaced database is not known: /);
      const { lastSeq, numberSource, messages: stored } = result.json();
      assert.deepEqual([numberSource, stored], ['clock', 3]);
      assert.ok(Number(lastSeq) > CLOCK_MIN);
      const after = await startService(t, { directory });
      await after.store(...messages(2, 'new'));
      assert.deepEqual(await received(t, after, 7, 2), [
        [Number(lastSeq) + 1, 'new 1'],
        [Number(lastSeq) + 2, 'new 2'],
      ]);
      await after.stop();
      assert.ok(Number((await restore(t, { copy, env }))['lastSeq']) >= Number(lastSeq) + 2);
    });
  }

  it('pages, counts, search and pruning are as before, on both sides of the gap', async (t) => {
    const { directory, path, env } = await filled(t, 2_300);
    const copy = join(directory, 'copy.db');
    renameSync(path, copy);
    await restore(t, { copy, env });
    const stats = await oncebox(t, ['stats', '--json'], { env });
    assert.equal(stats.code, 0, stats.stderr);
    const service = await startService(t, { directory });
    const found = async (text: string) => (await service.page(`?q=${text}&limit=1`)).total;
    assert.deepEqual(
      [await found('number'), (await service.page('?from=%2B15553')).total],
      [2_300, 329],
    );
    const more = messages(2_300, 'after the gap').map((one) => ({
      ...one,
      text: 'number too',
      from: '+8',
    }));
    for (let first = 0; first < more.length; first += 100)
      await Promise.all(more.slice(first, first + 100).map((one) => service.store(one)));
    assert.deepEqual(
      [await found('number'), await found('too'), await found('er%201234')],
      [4_600, 2_300, 1],
    );
    assert.equal((await service.page('?from=%2B8&limit=1')).total, 2_300);
    await service.stop();
    assert.equal((await oncebox(t, ['prune', '--from', '+15553', '--vacuum'], { env })).code, 0);
    for (const args of [['check'], ['check', '--repair'], ['check']]) {
      const check = await oncebox(t, args, { env });
      assert.equal(check.code, 0, check.stdout);
    }
    const [state] = query(`${path}-index`, 'SELECT searched_seq FROM state');
    assert.ok(Number(state?.['searched_seq']) > CLOCK_MIN);
    const again = await startService(t, { directory });
    assert.equal((await again.page('?q=number&limit=1')).total, 4_600 - 329);
  });
});
