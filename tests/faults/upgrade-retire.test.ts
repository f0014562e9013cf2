// After an upgrade the old derived tables are emptied step by step behind the commits, also when it is killed on its way, and to the last byte.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { oncebox } from '../cli/oncebox.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { execute, query } from '../support/database.ts';
import { ServiceProcess } from '../support/service.ts';
import { Scene } from './index-scene.ts';
import { VERSIONS, oldFile } from './old-file.ts';
import { Disk, buildShim } from './shim.ts';
import { assertSound, assertStored } from './verify.ts';

/** More than a step empties, and more than a segment holds. */
const MESSAGES = 5_000;
const RETIRED = [
  'by_time',
  'by_sender',
  'segments',
  'senders',
  'sender_segments',
  'sender_progress',
  'search_blocks',
  'search_postings',
];
/** Writes to the log of the database at which it is killed, counted from the start. */
const KILLED_AT = [1, 30, 120, 300, 700];
const ENDINGS = ['', '-wal', '-index', '-index-wal'];

const built = buildShim({ after });

/** A scene on a file of that version. */
function sceneOf(t: Parameters<typeof temporaryDirectory>[0], version: number): Scene {
  const directory = temporaryDirectory(t);
  const stored = oldFile(join(directory, 'app.db'), version, MESSAGES);
  return new Scene(t, { directory, stored: [...stored.values()] });
}

function oldTables(path: string): string[] {
  return query(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    .map((row) => String(row['name']))
    .filter((name) => RETIRED.includes(name));
}

async function retired(scene: Scene): Promise<void> {
  await eventually('the end of the old tables', async () => {
    await scene.live();
    return oldTables(scene.service.databasePath).length === 0 || undefined;
  });
}

/** Started, it serves at once; the old tables go, and everything is there. */
async function assertUpgraded(scene: Scene): Promise<void> {
  await scene.start();
  await scene.live();
  await retired(scene);
  await scene.healed();
  const path = scene.service.databasePath;
  await scene.end();
  assertStored(path, scene.stored);
  assertSound(path);
}

/** Which files still spell what matches. */
function holding(path: string, pattern: RegExp): string[] {
  return ENDINGS.filter(
    (ending) => existsSync(path + ending) && pattern.test(readFileSync(path + ending, 'latin1')),
  );
}

describe('an upgrade with derived tables that are filled', { concurrency: 2 }, () => {
  for (let version = 1; version < VERSIONS; version += 1) {
    it(`from version ${version}: posts and reads from the first second; the old tables go`, async (t) => {
      const scene = sceneOf(t, version);
      assert.equal(oldTables(join(scene.directory, 'app.db')).length > 0, version > 1);
      await assertUpgraded(scene);
    });
  }

  for (const skip of KILLED_AT) {
    it(`killed at write ${skip} of them, it goes on at the next start`, async (t) => {
      if ('reason' in built) return t.skip(built.reason);
      const disk = new Disk(t, built.library, temporaryDirectory(t));
      const stored = oldFile(join(disk.directory, 'app.db'), 6, MESSAGES);
      disk.fail({ operations: ['write'], files: ['wal'], error: 'EIO', skip, kill: true });
      const options = { directory: disk.directory, env: disk.env({ trace: false }) };
      const first = new ServiceProcess(t, options);
      await eventually('the kill', () => disk.hits > 0 || undefined);
      assert.equal((await first.exit()).signal, 'SIGKILL');
      disk.heal();
      const scene = new Scene(t, { directory: disk.directory, stored: [...stored.values()] });
      await assertUpgraded(scene);
    });
  }

  // Until version 5 nothing was overwritten: only a new file is free of what was moved before.
  for (const [version, ...options] of [[1, '--vacuum'], [5], [6]] as const) {
    it(`from version ${version}: the ids of what is removed afterwards are in no byte of any file`, async (t) => {
      const directory = temporaryDirectory(t);
      const idOf = (seq: number): string => `${seq % 13 === 4 ? 'GONE' : 'KEPT'}-${seq}-id`;
      const stored = oldFile(join(directory, 'app.db'), version, MESSAGES, idOf);
      const scene = new Scene(t, { directory, stored: [...stored.values()] });
      await scene.start();
      await retired(scene);
      const path = scene.service.databasePath;
      const args = ['prune', '-d', path, '--from', '+15554', ...options];
      const { code, stderr } = await oncebox(t, args);
      assert.equal(code, 0, stderr);
      for (const [id, { from }] of scene.stored) if (from === '+15554') scene.stored.delete(id);
      await scene.healed();
      await eventually(
        'the last of the removed ids',
        () => holding(path, /GONE-/).length === 0 || undefined,
      ).catch(() => assert.deepEqual(holding(path, /GONE-/), []));
      assert.ok(holding(path, /KEPT-/).includes(''));
      await scene.end();
      assert.deepEqual(holding(path, /GONE-/), []);
    });
  }

  it('of a file that is newer than the program is refused, and the file left as it was', async (t) => {
    const scene = sceneOf(t, VERSIONS);
    const path = join(scene.directory, 'app.db');
    execute(path, `PRAGMA user_version = ${VERSIONS + 1}`);
    const before = readFileSync(path);
    const service = new ServiceProcess(t, { directory: scene.directory });
    assert.equal((await service.exit()).code, 1);
    assert.match(service.output.stderr + service.output.stdout, /start the newer program/);
    assert.deepEqual(readFileSync(path), before);
    assert.equal(existsSync(scene.index), false);
  });
});
