// `oncebox migrate`: everything arrives with its number, beside a running service, after a kill, in both directions.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Draft } from '../support/message.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { call, importInto, ndjson } from './calls.ts';
import { oncebox, start } from './oncebox.ts';

/** Where an engine keeps a database, and what it says of the numbers of messages. */
interface Engine {
  readonly name: string;
  /** The URL of a database that is not there yet, or is empty. */
  readonly fresh: (t: Cleaner) => Promise<string>;
  /** The ids by their numbers, also of a target that is not complete; null where there is none. */
  readonly numbers: (url: string) => Promise<Map<number, string> | null>;
  /** Changes a target that is not complete. */
  readonly execute: (url: string, statement: string) => Promise<void>;
}

const SQLITE: Engine = {
  name: 'SQLite',
  fresh: async (t) => `sqlite:///${join(temporaryDirectory(t), 'app.db')}`,
  numbers: async (url) => {
    const path = url.replace('sqlite://', '');
    const file = [path, `${path}.migrating`].find((each) => existsSync(each));
    if (file === undefined) return null;
    const rows = query(file, 'SELECT seq, message_id FROM messages ORDER BY seq');
    return new Map(rows.map((row) => [Number(row['seq']), String(row['message_id'])]));
  },
  execute: async (url, statement) =>
    execute(`${url.replace('sqlite://', '')}.migrating`, statement),
};

const POSTGRES: Engine = {
  name: 'PostgreSQL',
  fresh: postgresDatabase,
  numbers: async (url) => {
    const rows = await queryOnce(
      url,
      'SELECT first_seq + ord AS seq, message_id FROM messages JOIN batches USING (batch) ORDER BY 1',
    );
    return new Map(rows.map((row) => [Number(row['seq']), String(row['message_id'])]));
  },
  execute: async (url, statement) => {
    await queryOnce(url, statement);
  },
};

/** Messages of four senders, one a second, with what text may hold. */
function drafts(count: number): Draft[] {
  return Array.from({ length: count }, (_, place) =>
    message({
      message_id: `m${place}`,
      from: `+1555${place % 4}`,
      ts: `2025-01-15T10:${String(Math.floor(place / 60) % 60).padStart(2, '0')}:${String(place % 60).padStart(2, '0')}.5Z`,
      text: place % 5 === 0 ? null : `Number ${place} \0 été 🎈`,
    }),
  );
}

/** A database of messages, some of which were removed, and the last of which was. */
async function filled(t: Cleaner, engine: Engine, count: number): Promise<string> {
  const url = await engine.fresh(t);
  const last = message({ message_id: 'last', from: '+9' });
  await importInto(t, url, ndjson(t, [...drafts(count), last]));
  await call(t, ['prune', '-d', url, '--from', '+15552']);
  await call(t, ['prune', '-d', url, '--from', '+9']);
  return url;
}

async function exported(t: Cleaner, url: string): Promise<string> {
  return (await call(t, ['export', '-d', url])).stdout;
}

async function assertSound(t: Cleaner, url: string): Promise<void> {
  assert.equal((await call(t, ['check', '-d', url, '--json'])).json()['sound'], true);
}

for (const [from, to] of [
  [SQLITE, POSTGRES],
  [POSTGRES, SQLITE],
] as const) {
  describe(`a migration from ${from.name} to ${to.name}`, () => {
    it('keeps numbers, arrivals and removed ids, and numbers on', async (t) => {
      const source = await filled(t, from, 1_500);
      const target = await to.fresh(t);
      const report = (
        await call(t, ['migrate', '--from', source, '--to', target, '--json'])
      ).json();
      assert.deepEqual(
        [report['messages'], report['tombstones'], report['lastSeq']],
        [1_125, 376, 1_501],
      );
      assert.equal(await exported(t, target), await exported(t, source));
      assert.deepEqual(await to.numbers(target), await from.numbers(source));
      await assertSound(t, target);
      const service = await startService(t, { env: { DATABASE_URL: target } });
      await service.store(message({ message_id: 'm2', text: 'removed before' }));
      await service.store(message({ message_id: 'm3', text: 'a conflict' }));
      await service.store(message({ message_id: 'new', text: 'the first one here' }));
      assert.equal((await service.page('?limit=1')).total, 1_126);
      assert.equal((await service.page('?q=first+one+here')).total, 1);
      // Between them is the other content of m3.
      assert.equal((await to.numbers(target))?.get(1_503), 'new');
      await service.stop();
      const again = await oncebox(t, ['migrate', '--from', source, '--to', target]);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /already/);
    });

    it('copies beside a running service what that stores and removes, and finishes when it has stopped', async (t) => {
      const source = await filled(t, from, 100);
      const target = await to.fresh(t);
      const service = await startService(t, { env: { DATABASE_URL: source } });
      const { child, ended } = start(t, ['migrate', '--from', source, '--to', target]);
      let stderr = '';
      child.stderr?.on('data', (text: string) => (stderr += text));
      await eventually('all to be copied', async () =>
        /copied up to number 101;/.test(stderr) ? true : undefined,
      );
      await service.store(message({ message_id: 'beside', from: '+8' }));
      await eventually('the new message to be copied', async () =>
        (await to.numbers(target))?.get(102) === 'beside' ? true : undefined,
      );
      await call(t, ['prune', '-d', source, '--from', '+15551']);
      await service.store(message({ message_id: 'at the end', from: '+8' }));
      assert.equal(child.exitCode, null);
      await service.stop();
      assert.equal((await ended).code, 0, stderr);
      assert.equal(await exported(t, target), await exported(t, source));
      assert.deepEqual(await to.numbers(target), await from.numbers(source));
      await assertSound(t, target);
      const report = await importInto(t, target, ndjson(t, drafts(100)));
      assert.deepEqual([report['created'], report['duplicates']], [0, 100]);
    });

    it('goes on after a kill, and no service opens the target before it is complete', async (t) => {
      const source = await filled(t, from, 8_000);
      const target = await to.fresh(t);
      const { child, ended } = start(t, ['migrate', '--from', source, '--to', target]);
      await eventually('some messages to be copied', async () => {
        const numbers = await to.numbers(target).catch(() => null);
        return numbers !== null && numbers.size > 0 ? true : undefined;
      });
      child.kill('SIGKILL');
      assert.equal((await ended).signal, 'SIGKILL');
      const stats = await oncebox(t, ['stats', '-d', target]);
      assert.equal(stats.code, 1);
      assert.match(stats.stderr, /has not finished|does not exist/);
      if (to === POSTGRES) {
        // A file has another name until then.
        const service = new ServiceProcess(t, { env: { DATABASE_URL: target } });
        assert.equal((await service.exit()).code, 1);
        assert.match(service.output.stderr, /migration that has not finished/);
      }
      await call(t, ['migrate', '--from', source, '--to', target]);
      assert.deepEqual(await to.numbers(target), await from.numbers(source));
      await assertSound(t, target);
    });

    it('refuses a target with messages, one that was changed, and another source than before', async (t) => {
      const [source, target] = [await filled(t, from, 20), await filled(t, to, 20)];
      const refused = await oncebox(t, ['migrate', '--from', source, '--to', target]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /already/);
      const half = await to.fresh(t);
      const service = await startService(t, { env: { DATABASE_URL: source } });
      const { child, ended } = start(t, ['migrate', '--from', source, '--to', half]);
      await eventually('all to be copied', async () => {
        const numbers = await to.numbers(half).catch(() => null);
        return numbers?.size === 15 ? true : undefined;
      });
      child.kill('SIGTERM');
      assert.equal((await ended).code, 143);
      await service.stop();
      await to.execute(half, "UPDATE messages SET to_msisdn = '+0' WHERE from_msisdn = '+15550'");
      const changed = await oncebox(t, ['migrate', '--from', source, '--to', half]);
      assert.equal(changed.code, 1);
      assert.match(changed.stderr, /messages 1 to 20 differ between source and target/);
      const other = await from.fresh(t);
      const foreign = drafts(30).map((draft, place) => ({ ...draft, message_id: `x${place}` }));
      await importInto(t, other, ndjson(t, foreign));
      const mixed = await oncebox(t, ['migrate', '--from', other, '--to', half]);
      assert.equal(mixed.code, 1);
      assert.match(mixed.stderr, /differ between source and target/);
      assert.equal((await oncebox(t, ['stats', '-d', half])).code, 1);
    });
  });
}

it('a migration needs two ends', async (t) => {
  assert.equal((await oncebox(t, ['migrate'])).code, 2);
  assert.equal((await oncebox(t, ['migrate', '--from', 'a.db', '--to', './a.db'])).code, 2);
});
