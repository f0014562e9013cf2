// `oncebox backup` that is stopped, killed or has a failing disk: the old copy or the new one, and nothing else.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Load } from '../faults/load.ts';
import { buildShim, Disk } from '../faults/shim.ts';
import { assertConsistent, assertSound, assertStored } from '../faults/verify.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox, start } from './oncebox.ts';
import { filled } from './filled.ts';

describe('oncebox backup', () => {
  it('stopped by a signal, leaves nothing', async (t) => {
    const shim = buildShim(t);
    if ('reason' in shim) {
      t.skip(shim.reason);
      return;
    }
    const { env } = await filled(t, 4_000);
    const disk = new Disk(t, shim.library, temporaryDirectory(t));
    // The copy is synced once at least before it is finished, so the signal comes first.
    disk.slowDown(3_000);
    const copy = join(disk.directory, 'copy.db');
    const { child, ended } = start(t, ['backup', copy], {
      env: { ...disk.env({ trace: false }), ...env },
    });
    await eventually('a copy under way', () => readdirSync(disk.directory).length > 0 || undefined);
    child.kill('SIGTERM');
    disk.slowDown(0);
    const { code, stderr } = await ended;
    assert.equal(code, 143, stderr);
    assert.match(stderr, /^(node\[[^\n]*\n)?oncebox: interrupted\n$/);
    assert.deepEqual(readdirSync(disk.directory), []);
  });

  it('killed at any write or sync, leaves the old copy or the new one, and the service none the worse', async (t) => {
    const shim = buildShim(t);
    if ('reason' in shim) {
      t.skip(shim.reason);
      return;
    }
    const service = await startService(t);
    const load = new Load({ port: service.port, connections: 2, prefix: 'kill' });
    await eventually('messages', () => load.acknowledged.size > 1_000 || undefined);
    const disk = new Disk(t, shim.library, temporaryDirectory(t));
    const copy = join(disk.directory, 'copy.db');
    const env = {
      ...disk.env({ trace: false }),
      DATABASE_URL: `sqlite:///${service.databasePath}`,
    };
    let kills = 0;
    for (let round = 0; round < 12; round += 1) {
      disk.fail({
        operations: ['write', 'sync'],
        error: 'EIO',
        kill: true,
        skip: Math.floor(1.7 ** round) - 1,
      });
      const before = new Map(load.acknowledged);
      const { code, signal } = await oncebox(t, ['backup', '--force', copy], { env });
      if (signal === 'SIGKILL') kills += 1;
      else assert.equal(code, 0);
      if (!existsSync(copy)) continue;
      assertSound(copy);
      if (code === 0) assertStored(copy, before);
    }
    assert.ok(kills > 3, `${kills} kills`);
    disk.heal();
    assert.equal((await oncebox(t, ['backup', '--force', copy], { env })).code, 0);
    await load.stop();
    assert.deepEqual([...load.statuses.keys()], [200]);
    await assertConsistent(service, load.acknowledged);
  });

  for (const error of ['ENOSPC', 'EIO'] as const) {
    it(`on a disk that fails with ${error}, says so and leaves nothing; the service goes on`, async (t) => {
      const shim = buildShim(t);
      if ('reason' in shim) {
        t.skip(shim.reason);
        return;
      }
      const service = await startService(t);
      await service.store(...Array.from({ length: 50 }, () => message()));
      const disk = new Disk(t, shim.library, temporaryDirectory(t));
      const copy = join(disk.directory, 'copy.db');
      const env = {
        ...disk.env({ trace: false }),
        DATABASE_URL: `sqlite:///${service.databasePath}`,
      };
      for (const operation of ['write', 'sync'] as const) {
        disk.fail({ operations: [operation], files: ['database'], error });
        const { code, stderr } = await oncebox(t, ['backup', copy], { env });
        assert.equal(code, 1);
        // Node itself remarks on the preloaded library.
        assert.match(stderr, /^(node\[[^\n]*\n)?oncebox: [^\n]+\n$/);
        assert.deepEqual(readdirSync(disk.directory), []);
      }
      disk.heal();
      await service.store(message());
      assert.equal((await oncebox(t, ['backup', copy], { env })).code, 0);
      assert.equal(query(copy, 'SELECT count(*) AS n FROM messages')[0]?.['n'], 51);
    });
  }
});
