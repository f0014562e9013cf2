// `oncebox migrate` of what named sources have sent: payloads, headers and bodies arrive byte for byte, whatever is removed meanwhile.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { execute } from '../support/database.ts';
import { message } from '../support/message.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { type Service, startService } from '../support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';
import { archivedBills, call, file } from './calls.ts';
import { oncebox, start } from './oncebox.ts';

const AT = '2025-01-15T09:00:00Z';
const BYTES = Buffer.concat([Buffer.from([0, 255, 10, 13]), randomBytes(2_000_000)]);

const SQLITE = async (t: Cleaner): Promise<string> =>
  `sqlite:///${join(temporaryDirectory(t), 'app.db')}`;

/** Posts of two sources, some of them removed again, and messages of the default one, with other content of one. */
async function fill(service: Service): Promise<void> {
  const other = { ...whatsappText('other', 'other'), from: '4922222' };
  const messages = [whatsappText('one', 'Text été 🎈'), other];
  await store(service, 'wa', whatsapp({ messages, statuses: [whatsappStatus('out', 'read')] }));
  for (let place = 0; place < 5; place += 1)
    await store(service, 'bill', { id: `b${place}`, type: 'paid', at: AT });
  await store(service, 'bill', BYTES);
  await service.store(message({ message_id: 'plain' }));
  await service.store(message({ message_id: 'plain', text: 'a conflict' }));
}

async function exported(t: Cleaner, url: string): Promise<string> {
  return (await call(t, ['export', '-d', url])).stdout;
}

async function migrate(t: Cleaner, from: string, to: string): Promise<Record<string, unknown>> {
  return (await call(t, ['migrate', '--from', from, '--to', to, '--json'])).json();
}

async function assertCopied(t: Cleaner, from: string, to: string): Promise<void> {
  // The numbers of deliveries are in it.
  const [copy, original] = [await exported(t, to), await exported(t, from)];
  assert.ok(copy === original, 'the exports differ');
  await call(t, ['check', '-d', to]);
}

for (const [name, freshSource, freshTarget] of [
  ['SQLite to PostgreSQL', SQLITE, postgresDatabase],
  ['PostgreSQL to SQLite', postgresDatabase, SQLITE],
] as const) {
  describe(`a migration of what named sources have sent, from ${name}`, () => {
    it('takes along messages, events, deliveries, and what is remembered of both', async (t) => {
      const [from, to] = [await freshSource(t), await freshTarget(t)];
      const service = await startService(t, { env: { ...SOURCES, DATABASE_URL: from } });
      await fill(service);
      await service.stop();
      await call(t, ['prune', '-d', from, '--from', '+4922222']);
      const report = await migrate(t, from, to);
      assert.deepEqual(
        [report['messages'], report['events'], report['deliveries'], report['tombstones']],
        [2, 8, 6, 1],
      );
      await assertCopied(t, from, to);
      const copy = await startService(t, { env: { ...SOURCES, DATABASE_URL: to } });
      await fill(copy);
      await copy.stop();
      await assertCopied(t, from, to);
    });

    it('follows what is stored, removed and erased in the source meanwhile', async (t) => {
      const [from, to] = [await freshSource(t), await freshTarget(t)];
      const service = await startService(t, { env: { ...SOURCES, DATABASE_URL: from } });
      await fill(service);
      const { child, ended } = start(t, ['migrate', '--from', from, '--to', to]);
      let stderr = '';
      child.stderr?.on('data', (text: string) => (stderr += text));
      await eventually('all to be copied', async () => /copied up to/.test(stderr) || undefined);
      await store(service, 'bill', { id: 'beside', type: 'paid', at: AT });
      // Of one post a message goes with the body, and what else was in it stays.
      await call(t, ['prune', '-d', from, '--from', '+4922222']);
      await call(t, ['prune', '-d', from, '--before', '2025-01-15T09:30:00Z', '--source', 'bill']);
      await call(t, ['prune', '-d', from, '--source', 'default']);
      assert.equal(child.exitCode, null);
      await service.stop();
      assert.equal((await ended).code, 0, stderr);
      await assertCopied(t, from, to);
    });

    it('goes on after kills, with deliveries too', async (t) => {
      const [from, to] = [await freshSource(t), await freshTarget(t)];
      await call(t, ['import', '-d', from, file(t, 'in.ndjson', archivedBills(6_000))]);
      let killed = 0;
      for (let round = 0; round < 4; round += 1) {
        const { child, ended } = start(t, ['migrate', '--from', from, '--to', to]);
        await sleep(600 + Math.random() * 600);
        child.kill('SIGKILL');
        const { signal } = await ended;
        if (signal !== 'SIGKILL') break;
        killed += 1;
      }
      assert.ok(killed > 0);
      const result = await oncebox(t, ['migrate', '--from', from, '--to', to]);
      // One that was not killed has finished.
      if (killed === 4) assert.equal(result.code, 0, result.stderr);
      await assertCopied(t, from, to);
    });
  });
}

it('a migration finds a body, a header and a payload that differ', async (t) => {
  const from = await SQLITE(t);
  await call(t, ['import', '-d', from, file(t, 'in.ndjson', archivedBills(20))]);
  for (const [sql, what] of [
    ["UPDATE deliveries SET body = x'00' WHERE number = 7", 'deliveries'],
    ["UPDATE deliveries SET headers = '[]' WHERE number = 7", 'deliveries'],
    [
      "UPDATE events SET payload = replace(payload, '1', '2') WHERE event_id = 'bill:11'",
      'messages',
    ],
    ["UPDATE events SET type = 'other' WHERE event_id = 'bill:11'", 'messages'],
  ] as const) {
    const to = await SQLITE(t);
    const service = await startService(t, { env: { DATABASE_URL: from } });
    const { child, ended } = start(t, ['migrate', '--from', from, '--to', to]);
    let stderr = '';
    child.stderr?.on('data', (text: string) => (stderr += text));
    await eventually('all to be copied', async () => /copied up to/.test(stderr) || undefined);
    child.kill('SIGTERM');
    await ended;
    await service.stop();
    execute(`${to.replace('sqlite://', '')}.migrating`, sql);
    const changed = await oncebox(t, ['migrate', '--from', from, '--to', to]);
    assert.equal(changed.code, 1, sql);
    assert.match(changed.stderr, new RegExp(`${what} 1 to 20 differ between source and target`));
  }
});
