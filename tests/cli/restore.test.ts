// `oncebox restore`: only a sound backup, only while no service runs, and the old file or the new one at every moment.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { buildShim, Disk } from '../faults/shim.ts';
import { assertSound } from '../faults/verify.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { message } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { oncebox } from './oncebox.ts';
import { filled } from './filled.ts';

const count = (path: string): unknown =>
  query(path, 'SELECT count(*) AS n FROM messages')[0]?.['n'];

const lastNumber = (path: string): number =>
  Number(query(path, "SELECT value FROM counters WHERE name = 'last_seq'")[0]?.['value']);

/** The files of a directory that belong to no database at rest. */
const leftovers = (directory: string): string[] =>
  readdirSync(directory).filter((name) => /\.partial-|-wal$|-shm$|-journal$/.test(name));

describe('oncebox restore', () => {
  it('puts the backup in place of the file, and keeps that beside it, with what its log held', async (t) => {
    const { path, env, directory } = await filled(t, 30);
    const copy = join(directory, 'copy.db');
    assert.equal((await oncebox(t, ['backup', copy], { env })).code, 0);
    const service = await startService(t, { directory });
    await service.store(...Array.from({ length: 12 }, () => message()));
    await service.stop('SIGKILL');

    const result = await oncebox(t, ['restore', '--json', copy], { env });
    assert.equal(result.code, 0, result.stderr);
    const { kept, messages } = result.json();
    assert.equal(messages, 30);
    assert.deepEqual(leftovers(directory), []);
    assert.deepEqual([count(path), count(String(kept))], [30, 42]);
    const after = await startService(t, { directory });
    await after.store(message());
    assert.equal((await after.page()).total, 31);
  });

  it('makes the database where there is none', async (t) => {
    const { path } = await filled(t, 5);
    const target = join(temporaryDirectory(t), 'new.db');
    const result = await oncebox(t, ['restore', '--database', target, '--json', path]);
    assert.equal(result.json()['kept'], null, result.stderr);
    assert.equal(count(target), 5);
  });

  it('refuses while a service runs, with exit code 3, and says so; a killed service is no obstacle', async (t) => {
    const { path } = await filled(t, 5);
    const service = await startService(t);
    await service.store(message());
    const env = { DATABASE_URL: `sqlite:///${service.databasePath}` };
    for (const args of [
      ['restore', path],
      ['check', '--repair'],
    ]) {
      const { code, stderr } = await oncebox(t, args, { env });
      assert.equal(code, 3);
      assert.match(stderr, /^oncebox: .* is in use by a running service: stop it first\n$/);
    }
    await service.store(message());
    assert.equal((await service.page()).total, 2);
    await service.stop('SIGKILL');
    assert.equal((await oncebox(t, ['restore', path], { env })).code, 0);
    assert.equal(count(service.databasePath), 5);
  });

  it('refuses while another program has the file open, and leaves nothing beside it', async (t) => {
    const { path, env, directory } = await filled(t, 5);
    const copy = join(directory, 'copy.db');
    copyFileSync(path, copy);
    const other = new DatabaseSync(path);
    other.exec("UPDATE counters SET value = value WHERE name = 'messages'");
    const { code, stderr } = await oncebox(t, ['restore', copy], { env });
    other.close();
    assert.equal(code, 3);
    assert.match(stderr, /^oncebox: .* is open in another program: end it first\n$/);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('before-restore')),
      [],
    );
  });

  it('refuses what is not a sound backup, and leaves everything as it was', async (t) => {
    const { path, env, directory } = await filled(t, 3_000);
    const before = readFileSync(path);
    const bad = (name: string): string => join(directory, `${name}.db`);
    const bytes = Buffer.from(before);
    bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 20_000);
    writeFileSync(bad('damaged'), bytes);
    writeFileSync(bad('short'), before.subarray(0, before.length - 40_960));
    writeFileSync(bad('text'), 'this is no database at all, only words');
    writeFileSync(bad('empty'), '');
    copyFileSync(path, bad('miscounted'));
    execute(bad('miscounted'), "UPDATE counters SET value = value + 1 WHERE name = 'messages'");
    copyFileSync(path, bad('alien'));
    execute(bad('alien'), 'PRAGMA application_id = 1');
    copyFileSync(path, bad('newer'));
    execute(bad('newer'), 'PRAGMA user_version = 99');
    copyFileSync(path, bad('live'));
    writeFileSync(`${bad('live')}-wal`, 'a log');
    for (const name of [
      'damaged',
      'short',
      'text',
      'empty',
      'miscounted',
      'alien',
      'newer',
      'live',
    ]) {
      const { code, stderr } = await oncebox(t, ['restore', bad(name)], { env });
      assert.equal(code, 1, `${name}: ${stderr}`);
      assert.match(stderr, /^oncebox: [^\n]+\n$/, name);
    }
    assert.ok(before.equals(readFileSync(path)));
    assert.deepEqual(leftovers(directory), ['live.db-wal']);
  });

  it('takes the place of a file that is damaged beyond opening', async (t) => {
    const { path, env, directory } = await filled(t, 8);
    const copy = join(directory, 'copy.db');
    copyFileSync(path, copy);
    writeFileSync(path, 'nothing of it is left');
    writeFileSync(`${path}-wal`, 'nor of its log');
    const result = await oncebox(t, ['restore', '--json', copy], { env });
    assert.equal(result.code, 0, result.stderr);
    const kept = String(result.json()['kept']);
    assert.equal(readFileSync(kept, 'utf8'), 'nothing of it is left');
    assert.equal(readFileSync(`${kept}-wal`, 'utf8'), 'nor of its log');
    assert.ok(!existsSync(`${path}-wal`));
    assert.equal(count(path), 8);
  });

  it('killed at any write, sync or cut, leaves the old file or the new one, whole', async (t) => {
    const shim = buildShim(t);
    if ('reason' in shim) {
      t.skip(shim.reason);
      return;
    }
    const old = await filled(t, 300);
    const other = await filled(t, 40);
    const disk = new Disk(t, shim.library, old.directory);
    const env = { ...disk.env({ trace: false }), ...old.env };
    let kills = 0;
    const last = lastNumber(old.path);
    for (let round = 0; round < 10; round += 1) {
      // A log for it to deal with.
      const service = new ServiceProcess(t, { directory: old.directory });
      await service.output.line('listening', (line) => line.event === 'listening');
      await service.stop('SIGKILL');
      const before = count(old.path);
      disk.fail({
        operations: ['write', 'sync', 'truncate'],
        error: 'EIO',
        kill: true,
        skip: round,
      });
      const { code, signal } = await oncebox(t, ['restore', other.path], { env });
      if (signal === 'SIGKILL') kills += 1;
      else assert.equal(code, 0);
      disk.heal();
      assertSound(old.path);
      assert.ok([before, 40].includes(count(old.path)), `${String(count(old.path))} messages`);
      assert.ok(lastNumber(old.path) >= last, 'numbers go back');
      if (count(old.path) === 40) copyFileSync(old.path, `${old.path}.again`);
    }
    assert.ok(kills > 3, `${kills} kills`);
    assert.equal((await oncebox(t, ['restore', other.path], { env: old.env })).code, 0);
    const service = await startService(t, { directory: old.directory });
    assert.equal((await service.page()).total, 40);
  });
});
