// `oncebox backup` and `restore` while a service writes: nothing acknowledged is missing, and no name shows a half file.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Load } from '../faults/load.ts';
import { assertConsistent, assertSound, assertStored } from '../faults/verify.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import { filled } from './filled.ts';

/** Names of unfinished copies in a directory. */
const partials = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.includes('.partial-'));

describe('oncebox backup', () => {
  it('during full ingest has every message that was acknowledged before; restored, a service serves it', async (t) => {
    const service = await startService(t);
    const load = new Load({ port: service.port, connections: 8, prefix: 'live' });
    const backups: { file: string; before: ReadonlyMap<string, Stored> }[] = [];
    for (const number of [1, 2, 3]) {
      const least = load.acknowledged.size + 2_000;
      await eventually('messages', () => load.acknowledged.size > least || undefined);
      const before = new Map(load.acknowledged);
      const file = join(service.directory, `copy-${number}.db`);
      const args = ['backup', '--json', '--check', 'full', file];
      const result = await oncebox(t, args, {
        env: { DATABASE_URL: `sqlite:///${service.databasePath}` },
      });
      assert.equal(result.code, 0, result.stderr);
      assert.equal(result.stderr, '');
      const names = readdirSync(service.directory).filter((name) =>
        name.startsWith(`copy-${number}`),
      );
      assert.deepEqual(names, [`copy-${number}.db`], 'a backup is the main file alone');
      assert.equal(
        result.json()['messages'],
        query(file, 'SELECT count(*) AS n FROM messages')[0]?.['n'],
      );
      backups.push({ file, before });
    }
    await load.stop();
    assert.deepEqual([...load.statuses.keys()], [200]);
    await assertConsistent(service, load.acknowledged);

    for (const { file, before } of backups) {
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const sent = new Map([...load.acknowledged, ...load.refused]);
      assertStored(file, before, (id) => sent.has(id));
      const directory = temporaryDirectory(t);
      const env = { DATABASE_URL: `sqlite:///${directory}/app.db` };
      const restored = await oncebox(t, ['restore', file], { env });
      assert.equal(restored.code, 0, restored.stderr);
      const second = await startService(t, { directory });
      await assertConsistent(second, before);
      // It goes on where the copy ended, and remembers what it has.
      const [known] = before.values();
      await second.store(message(), { ...known });
      assert.deepEqual(await second.stop(), { code: 0, signal: null });
      assertSound(second.databasePath);
    }
    assert.deepEqual(partials(service.directory), []);
  });

  it('ends, however much is written meanwhile to a large file', async (t) => {
    const { path, env, directory } = await filled(t, 10);
    execute(
      path,
      `CREATE TABLE padding AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 64)
       SELECT randomblob(1000000) AS bytes FROM n`,
    );
    const service = await startService(t, { directory });
    const load = new Load({ port: service.port, connections: 4, prefix: 'busy' });
    await eventually('messages', () => load.acknowledged.size > 100 || undefined);
    const before = new Map(load.acknowledged);
    const copy = join(directory, 'copy.db');
    const { code, stderr } = await oncebox(t, ['backup', copy], { env });
    assert.equal(code, 0, stderr);
    assert.ok(load.acknowledged.size > before.size);
    await load.stop();
    assertStored(copy, before);
    assertSound(copy);
  });

  it('refuses a name that is taken, the database itself, and a directory that is not there', async (t) => {
    const { path, env, directory } = await filled(t, 10);
    const taken = join(directory, 'taken.db');
    writeFileSync(taken, 'not to be lost');
    for (const [args, reason] of [
      [['backup', taken], /is there already/],
      [['backup', path], /is the database itself/],
      [['backup', '--force', path], /is the database itself/],
      [['backup', join(directory, 'no', 'copy.db')], /ENOENT/],
    ] as const) {
      const { code, stderr } = await oncebox(t, args, { env });
      assert.equal(code, 1);
      assert.match(stderr, reason);
    }
    assert.equal(statSync(taken).size, 14);
    assert.equal((await oncebox(t, ['backup', '--force', taken], { env })).code, 0);
    assertSound(taken);
    assert.deepEqual(partials(directory), []);
  });

  it('keeps the last n copies, and nothing else goes', async (t) => {
    const { env, directory } = await filled(t, 10);
    const at = (name: string): string => join(directory, name);
    for (const name of ['b-20200101T000000Z.db', 'b-20210101T000000Z.db', 'b-20220101T000000Z.db'])
      writeFileSync(at(name), '');
    for (const name of ['b.db', 'b-mine.db', 'bb-20200101T000000Z.db', 'b-20200101T000000Z.txt'])
      writeFileSync(at(name), '');
    const result = await oncebox(t, ['backup', '--json', '--keep', '2', at('b.db')], { env });
    assert.equal(result.code, 0, result.stderr);
    const { file, removed } = result.json();
    assert.match(String(file), /\/b-\d{8}T\d{6}Z\.db$/);
    assert.deepEqual(removed, [at('b-20200101T000000Z.db'), at('b-20210101T000000Z.db')]);
    for (const name of ['b-20220101T000000Z.db', 'b.db', 'b-mine.db', 'bb-20200101T000000Z.db'])
      assert.ok(existsSync(at(name)), name);
    assertSound(String(file));
  });

  it('throws a copy away that is not sound', async (t) => {
    const { path, env, directory } = await filled(t, 50);
    execute(path, "UPDATE counters SET value = 7 WHERE name = 'messages'");
    const copy = join(directory, 'copy.db');
    const { code, stderr } = await oncebox(t, ['backup', copy], { env });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^oncebox: the copy is not sound and was thrown away: messages: 7 kept, 50 by a scan\n$/,
    );
    assert.ok(!existsSync(copy));
    assert.deepEqual(partials(directory), []);
  });

  it('two at once give two sound copies, or one that says the name is taken', async (t) => {
    const { env, directory } = await filled(t, 2_000);
    const copy = join(directory, 'copy.db');
    const results = await Promise.all([1, 2].map(() => oncebox(t, ['backup', copy], { env })));
    assert.deepEqual(
      results.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b)),
      [0, 1],
    );
    const forced = await Promise.all(
      [1, 2].map(() => oncebox(t, ['backup', '--force', copy], { env })),
    );
    assert.deepEqual(
      forced.map(({ code }) => code),
      [0, 0],
    );
    assertSound(copy);
    assert.equal(query(copy, 'SELECT count(*) AS n FROM messages')[0]?.['n'], 2_000);
    assert.deepEqual(partials(directory), []);
  });

  it('the index file is no part of it; a restored file has none, and the next start builds it', async (t) => {
    const { path, env, directory } = await filled(t, 300);
    const copies = temporaryDirectory(t);
    const copy = join(copies, 'copy.db');
    assert.equal((await oncebox(t, ['backup', copy], { env })).code, 0);
    assert.deepEqual(readdirSync(copies), ['copy.db']);
    assert.ok(existsSync(`${path}-index`));
    const restored = await oncebox(t, ['restore', copy], { env });
    assert.match(restored.stdout, /^the next start of the service builds the index again$/m);
    assert.ok(!existsSync(`${path}-index`));
    const service = await startService(t, { directory });
    assert.equal((await service.page('?q=number&limit=1')).total, 300);
    assert.equal((await service.page('?from=%2B15550&limit=1')).total, 43);
    await service.stop();
    assert.equal((await oncebox(t, ['check'], { env })).code, 0);
  });

  it('takes in the log that a killed service left', async (t) => {
    const service = await startService(t);
    await service.store(...Array.from({ length: 20 }, () => message()));
    await service.stop('SIGKILL');
    assert.ok(statSync(`${service.databasePath}-wal`).size > 0);
    // A bare copy would not have it.
    const bare = join(service.directory, 'bare.db');
    copyFileSync(service.databasePath, bare);
    const copy = join(service.directory, 'copy.db');
    const env = { DATABASE_URL: `sqlite:///${service.databasePath}` };
    const result = await oncebox(t, ['backup', '--json', copy], { env });
    assert.equal(result.json()['messages'], 20, result.stderr);
  });
});
