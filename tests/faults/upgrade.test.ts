// Files of every earlier version are brought to today's, also when the upgrade is killed on its way, and nothing in them is lost.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { pageIn } from '../support/shapes.ts';
import { assertUnavailable } from '../support/unavailable.ts';
import { mutant } from './mutant.ts';
import { VERSIONS, oldFile } from './old-file.ts';
import { buildShim, Disk } from './shim.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';

const MESSAGES = 1_500;
/** More than reads add to an index that lacks them. */
const MORE_THAN_A_TAIL = 66_000;
/** Writes of an upgrade at which it is killed, counted from its start. */
const KILLED_AT = [0, 12];

const built = buildShim({ after });

describe('an upgrade', () => {
  it('is tried from every earlier version', async (t) => {
    const service = await startService(t);
    const [row] = query(service.databasePath, 'PRAGMA user_version');
    assert.equal(VERSIONS, Number(row?.['user_version']));
  });

  for (let version = 1; version < VERSIONS; version += 1) {
    it(`from version ${version} keeps every message, and counts and finds them`, async (t) => {
      const directory = temporaryDirectory(t);
      const stored = oldFile(join(directory, 'app.db'), version, MESSAGES);
      const service = await startService(t, { directory });
      await assertConsistent(service, stored);
      await service.stop();
      assertStored(service.databasePath, stored);
      assertSound(service.databasePath);
    });
  }

  for (const skip of KILLED_AT) {
    it(`from version 1 that is killed at write ${skip} goes on at the next start`, async (t) => {
      if ('reason' in built) {
        t.skip(built.reason);
        return;
      }
      const disk = new Disk(t, built.library, temporaryDirectory(t));
      const stored = oldFile(join(disk.directory, 'app.db'), 1, MESSAGES);
      disk.fail({ operations: ['write'], error: 'EIO', skip, kill: true });
      const options = { directory: disk.directory, env: disk.env({ trace: false }) };
      const first = new ServiceProcess(t, options);
      await eventually('the kill', () => disk.hits > 0 || undefined);
      assert.equal((await first.exit()).signal, 'SIGKILL');
      disk.heal();
      const second = await startService(t, options);
      await assertConsistent(second, stored);
      await second.stop();
      assertStored(second.databasePath, stored);
      assertSound(second.databasePath);
    });
  }

  it('whose index is still being built takes posts, and refuses lists until then', async (t) => {
    const directory = temporaryDirectory(t);
    oldFile(join(directory, 'app.db'), 1, MORE_THAN_A_TAIL);
    const fills = 'const added = addBatch(';
    const stuck = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
    const main = mutant(t, 'storage/sqlite/index/indexer.ts', fills, `${stuck}\n        ${fills}`);
    const first = await startService(t, { directory, main });
    await first.store(message());
    for (const path of ['/messages', '/stats'])
      await assertUnavailable(first, { path }, 'index_behind');
    // A search may compare more messages than a list may add.
    assert.equal((await first.page('?q=word1end')).total, 1);
    await first.stop('SIGKILL');
    const second = await startService(t, { directory });
    const total = MORE_THAN_A_TAIL + 1;
    await eventually('the index', async () => {
      const answer = await second.get('/messages?limit=1');
      return (answer.status === 200 && pageIn(answer.json()).total === total) || undefined;
    });
  });
});
