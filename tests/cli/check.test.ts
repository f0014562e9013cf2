// `oncebox check` finds what is wrong, `--repair` builds again what is derived, and `stats` says what is there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { execute, query } from '../support/database.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import { oncebox } from './oncebox.ts';
import { type Filled, filled } from './filled.ts';

/** Enough that the tables of the database and of the index take many pages. */
const MESSAGES = 2_300;

/** A database whose index is complete. */
async function indexed(t: TestContext): Promise<Filled> {
  const database = await filled(t, MESSAGES);
  assert.equal((await oncebox(t, ['check', '--repair'], { env: database.env })).code, 0);
  const [state] = query(`${database.path}-index`, 'SELECT listed_seq, searched_seq FROM state');
  assert.deepEqual({ ...state }, { listed_seq: MESSAGES, searched_seq: MESSAGES });
  return database;
}

/** Ways in which what is derived may be wrong: in which file, and which check finds it. */
const WRONG: readonly (readonly [
  name: string,
  file: '' | '-index',
  sql: string,
  finding: string,
])[] = [
  [
    'a count of all',
    '',
    "UPDATE counters SET value = value + 1 WHERE name = 'messages'",
    'counters',
  ],
  [
    'a sender’s count',
    '-index',
    "UPDATE lists SET messages = messages - 1 WHERE name = '+15553'",
    'index',
  ],
  ['the number of senders', '-index', 'UPDATE state SET senders = senders + 1', 'index'],
  [
    'a segment',
    '-index',
    "INSERT INTO segments (list, ts_seconds, ts_nanos, message_id, messages) VALUES (0, 1, 0, 'm', 3)",
    'index',
  ],
  [
    'an entry',
    '-index',
    "DELETE FROM entries WHERE list IN (SELECT list FROM lists WHERE kind = 1) AND message_id = 'm77'",
    'index',
  ],
  [
    'an entry of a sender',
    '-index',
    "DELETE FROM entries WHERE list IN (SELECT list FROM lists WHERE kind = 2) AND message_id = 'm77'",
    'index',
  ],
  [
    'two entries in the lists of each other’s sender',
    '-index',
    `WITH two AS MATERIALIZED (SELECT message_id, list FROM entries WHERE list IN (SELECT list FROM lists WHERE kind = 2) AND message_id IN ('m5', 'm6'))
     UPDATE entries SET list = (SELECT list FROM two WHERE two.message_id <> entries.message_id)
     WHERE list IN (SELECT list FROM two) AND message_id IN ('m5', 'm6')`,
    'index',
  ],
  [
    'an entry of no message',
    '-index',
    "UPDATE entries SET seq = 99999 WHERE list IN (SELECT list FROM lists WHERE kind = 1) AND message_id = 'm5'",
    'index',
  ],
  ['a text in search', '-index', 'DELETE FROM texts WHERE rowid = 9', 'search'],
  [
    'a text that changed',
    '',
    "UPDATE messages SET text = 'quite another text' WHERE message_id = 'm9'",
    'search',
  ],
];

describe('oncebox check', () => {
  it('finds nothing wrong with a file that is in order, at rest and while a service uses it', async (t) => {
    const { env, directory } = await indexed(t);
    const atRest = await oncebox(t, ['check'], { env });
    assert.deepEqual([atRest.code, atRest.stderr], [0, '']);
    for (const name of ['schema', 'integrity', 'counters', 'index', 'search', 'settings'])
      assert.match(atRest.stdout, new RegExp(`^ok +${name} `, 'm'));
    const service = await startService(t, { directory });
    for (const args of [
      ['check', '--json'],
      ['check', '--json', '--quick'],
    ]) {
      const result = await oncebox(t, args, { env });
      assert.equal(result.code, 0, result.stderr);
      assert.deepEqual([result.json()['sound'], result.json()['messages']], [true, MESSAGES]);
    }
    assert.equal((await service.page()).total, MESSAGES);
  });

  it('finds each thing that is derived and wrong, and --repair fixes it', async (t) => {
    const { path, env, directory } = await indexed(t);
    for (const [name, file, sql, expected] of WRONG) {
      execute(path + file, sql);
      const result = await oncebox(t, ['check', '--json'], { env });
      assert.equal(result.code, 1, name);
      const findings = result.json()['findings'] as { name: string; problems: string[] }[];
      assert.deepEqual(
        findings.filter(({ problems }) => problems.length > 0).map((finding) => finding.name),
        [expected],
        `${name}: ${result.stdout}`,
      );
      const repaired = await oncebox(t, ['check', '--repair'], { env });
      assert.equal(repaired.code, 0, `${name}: ${repaired.stdout}${repaired.stderr}`);
    }
    const service = await startService(t, { directory });
    assert.deepEqual(await service.ids('?q=NUMBER%201234%20of'), ['m1234']);
    assert.equal((await service.page('?from=%2B15553')).total, Math.ceil((MESSAGES - 3) / 7));
    assert.equal((await service.page('?q=quite%20another')).total, 1);
  });

  it('never gives a number a second time, whatever was deleted before a repair', async (t) => {
    const { path, env } = await filled(t, 20);
    execute(path, 'DELETE FROM messages WHERE seq > 15');
    assert.equal((await oncebox(t, ['check'], { env })).code, 1);
    assert.equal((await oncebox(t, ['check', '--repair'], { env })).code, 0);
    assert.deepEqual(
      query(
        path,
        "SELECT name, value FROM counters WHERE name IN ('last_seq', 'messages') ORDER BY 1",
      ).map(({ value }) => value),
      [20, 15],
    );
  });

  it('tells of a damaged page and of a missing table, which nothing can rebuild', async (t) => {
    const { path, env } = await filled(t, 2_000);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 100 * 4_096, 103 * 4_096);
    writeFileSync(path, bytes);
    const damaged = await oncebox(t, ['check'], { env });
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /^WRONG +integrity /m);
    const other = await filled(t, 1);
    execute(other.path, 'DROP TABLE removals');
    const missing = await oncebox(t, ['check'], { env: other.env });
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^schema: removals is missing$/m);
  });

  it('checks the settings too', async (t) => {
    const { env } = await filled(t, 1);
    const result = await oncebox(t, ['check', '--json'], { env: { ...env, LOG_LEVEL: 'LOUD' } });
    assert.equal(result.code, 78);
    assert.match(String(recordIn(result.json()['settings'])['problem']), /^LOG_LEVEL must be/);
  });
});

describe('oncebox stats', () => {
  it('says what GET /stats says, while the service runs', async (t) => {
    const { env, directory } = await filled(t, 100);
    const service = await startService(t, { directory });
    const result = await oncebox(t, ['stats', '--json'], { env });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(result.json()['stats'], (await service.get('/stats')).json());
    const shown = await oncebox(t, ['stats'], { env });
    assert.match(shown.stdout, /^messages +100$/m);
    assert.match(shown.stdout, /^\+15550 +15$/m);
    for (const gauge of ['database', 'wal', 'index', 'disk free'])
      assert.match(shown.stdout, new RegExp(`^${gauge} +[0-9.]+ [kMGT]?B$`, 'm'));
    assert.match(shown.stdout, /^list backlog messages +\d+$/m);
    assert.equal(shown.stdout.match(/^messages /gm)?.length, 1);
    const gauges = recordIn(result.json()['gauges']);
    assert.deepEqual(
      [gauges['oncebox_messages'], typeof gauges['oncebox_index_bytes']],
      [100, 'number'],
    );
  });
});

describe('two services on one file', () => {
  it('the second one is refused, and says by whom', async (t) => {
    const { directory, path, env } = await filled(t, 10);
    const first = await startService(t, { directory });
    const second = new ServiceProcess(t, { directory });
    const waiting = await second.output.line(
      'the wait',
      ({ event }) => event === 'waiting_for_lock',
    );
    assert.equal(waiting.level, 'WARNING');
    const { code } = await second.exit();
    assert.equal(code, 1);
    assert.match(second.output.stderr, /DATABASE_URL: .*another Oncebox service uses it/);
    assert.equal((await oncebox(t, ['check', '--repair'], { env })).code, 3);
    assert.equal((await first.page()).total, 10);
    await first.stop();
    assert.equal((await oncebox(t, ['check'], { env })).code, 0);
    assert.equal(query(path, 'SELECT count(*) AS n FROM messages')[0]?.['n'], 10);
  });

  it('a service that starts while the other one stops takes over', async (t) => {
    const { directory } = await filled(t, 10);
    const first = await startService(t, { directory });
    const second = new ServiceProcess(t, { directory });
    await second.output.line('the wait', ({ event }) => event === 'waiting_for_lock');
    await first.stop();
    await second.output.line('its start', ({ event }) => event === 'listening');
    await second.stop();
  });
});
