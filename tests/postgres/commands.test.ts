// The commands with the URL of a PostgreSQL database: what they do is the same as with a file, and the password is never shown.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { call, importInto, ndjson } from '../cli/calls.ts';
import { oncebox } from '../cli/oncebox.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { startService } from '../support/service.ts';

const HOSTILE = [
  null,
  '',
  ' ',
  '"',
  'a,b;c\td',
  'line\nfeed',
  'x\0y',
  '\u{feff}bom',
  '\u{1f600}',
  '\\x41',
  '\\N',
  '{1,2}',
];

function hostile(): Draft[] {
  return HOSTILE.map((text, place) =>
    message({
      message_id: place % 2 === 0 ? `id-${place}` : `\0"${place}',\n\u{1f600}`,
      from: `+49${place % 3}`,
      ts: `2025-01-15T10:00:${10 + place}Z`,
      text,
    }),
  );
}

async function filled(t: Cleaner, drafts: readonly Draft[]): Promise<string> {
  const url = await postgresDatabase(t);
  assert.equal((await importInto(t, url, ndjson(t, drafts)))['created'], drafts.length);
  return url;
}

describe('the commands on PostgreSQL', () => {
  it('give messages out as they came in, whatever is in them', async (t) => {
    const drafts = hostile();
    const url = await filled(t, drafts);
    const lines = (await call(t, ['export', '-d', url])).stdout.trimEnd().split('\n');
    const found = lines.map((line) => {
      const { created_at: arrived, ...draft } = JSON.parse(line) as Draft & { created_at: string };
      assert.match(arrived, /Z$/);
      return draft;
    });
    assert.deepEqual(found, drafts);
    const copy = await filled(
      t,
      lines.map((line) => JSON.parse(line) as Draft),
    );
    assert.deepEqual((await call(t, ['export', '-d', copy])).stdout.trimEnd().split('\n'), lines);
    const one = await call(t, ['export', '-d', url, '--q', 'LINE\nF', '--from', '+492']);
    assert.match(one.stdout, /"line\\nfeed"/);
  });

  it('find the database by DATABASE_URL, import beside a service, and count what is there', async (t) => {
    const url = await filled(t, hostile());
    const service = await startService(t, { env: { DATABASE_URL: url } });
    await service.store(message({ message_id: 'by the service', from: '+7' }));
    const more = ndjson(t, [message({ message_id: 'imported', from: '+7', text: 'Beside' })]);
    await importInto(t, url, more);
    assert.equal((await service.page('?q=beside')).total, 1);
    const stats = await oncebox(t, ['stats', '--json'], { env: { DATABASE_URL: url } });
    const { stats: counts, lastSeq, gauges } = stats.json();
    assert.equal((counts as { total_messages: number }).total_messages, HOSTILE.length + 2);
    assert.equal(lastSeq, HOSTILE.length + 2);
    assert.ok(Number((gauges as Record<string, number>)['oncebox_database_bytes']) > 0);
  });

  it('remove messages for good, also beside a service', async (t) => {
    const url = await filled(t, hostile());
    const service = await startService(t, { env: { DATABASE_URL: url } });
    const dry = await call(t, ['prune', '-d', url, '--from', '+490', '--dry-run', '--json']);
    assert.equal(dry.json()['matching'], 4);
    const pruned = await call(t, ['prune', '-d', url, '--from', '+490', '--vacuum', '--json']);
    assert.equal(pruned.json()['removed'], 4);
    assert.equal((await service.page('?limit=1')).total, HOSTILE.length - 4);
    await service.store(...hostile());
    assert.equal((await service.page('?limit=1')).total, HOSTILE.length - 4);
  });

  it('name the tools of PostgreSQL for backups, which is wrong usage', async (t) => {
    const url = await postgresDatabase(t);
    for (const command of ['backup', 'restore']) {
      const { code, stderr } = await oncebox(t, [command, '-d', url, '/nowhere/app.db']);
      assert.equal(code, 2);
      assert.match(stderr, /pg_dump/);
    }
  });

  it('create nothing where they only read', async (t) => {
    const url = await postgresDatabase(t);
    for (const args of [['stats'], ['export'], ['prune', '--from', '+1'], ['check']]) {
      const { code, stdout, stderr } = await oncebox(t, [...args, '-d', url]);
      assert.equal(code, 1, stderr);
      assert.match(stdout + stderr, /no tables of Oncebox/);
    }
  });

  it('never show the password, whatever is wrong', async (t) => {
    const url = await postgresDatabase(t);
    const urls = [
      url,
      url.replace(/:[^:@]*@/, ':hunter2@'),
      url.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'),
      `${url}_absent`,
      `${url}?sslmode=hunter2`,
    ];
    const secrets = [new URL(url).password, 'hunter2'];
    const commands = [
      ['stats'],
      ['check', '--json'],
      ['export'],
      ['import', ndjson(t, [message()])],
      ['prune', '--from', '+1'],
      ['backup', '/nowhere/app.db'],
    ];
    for (const [place, args] of commands.entries())
      for (const wrong of [url, urls[place % urls.length] ?? url]) {
        const { stdout, stderr } = await oncebox(t, [...args, '-d', wrong]);
        for (const secret of secrets)
          assert.equal((stdout + stderr).includes(secret), false, stdout + stderr);
      }
    const config = await oncebox(t, ['config'], { env: { DATABASE_URL: url } });
    assert.equal(config.stdout.includes(secrets[0] ?? ''), false);
  });
});
