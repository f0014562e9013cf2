// A slow disk: posts wait for their sync and no longer than their bound, and nothing else waits for them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { eventually } from '../support/bounded.ts';
import { webhook } from '../support/logged.ts';
import { bytesOf, message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { assertUnavailable } from '../support/unavailable.ts';
import { Load } from './load.ts';
import { buildShim, Disk } from './shim.ts';
import { assertConsistent, assertStored } from './verify.ts';

const built = buildShim({ after });

describe('a disk whose syncs take', { concurrency: 2 }, () => {
  for (const syncDelayMs of [200, 2_000]) {
    it(`${syncDelayMs} ms: probes and reads answer meanwhile, and every post ends in 200 or 503`, async (t) => {
      if ('reason' in built) {
        t.skip(built.reason);
        return;
      }
      const disk = new Disk(t, built.library, temporaryDirectory(t));
      const env = disk.env({ trace: false });
      const service = await startService(t, { directory: disk.directory, env });
      const first = message();
      await service.store(first);
      disk.slowDown(syncDelayMs);
      const load = new Load({ port: service.port, connections: 8, prefix: 'slow', reads: false });
      // Each round ends before the sync that was under way when it began need have ended.
      for (let round = 0; round < 10; round += 1) {
        assert.equal((await service.get('/health/live')).status, 200);
        assert.ok((await service.page('?limit=1')).total >= 1);
        assert.equal((await service.get('/metrics')).status, 200);
      }
      await load.stop();
      for (const status of load.statuses.keys())
        assert.ok(status === 200 || status === 503, `status ${status}`);
      disk.slowDown(0);
      await assertConsistent(service, load.acknowledged);
      assert.deepEqual(await service.stop(), { code: 0, signal: null });
      assertStored(service.databasePath, load.acknowledged);
    });
  }

  it('longer than a post may wait: 503 and not ready, both for the reason timeout, until it has ended', async (t) => {
    if ('reason' in built) {
      t.skip(built.reason);
      return;
    }
    const disk = new Disk(t, built.library, temporaryDirectory(t));
    const service = await startService(t, {
      directory: disk.directory,
      env: disk.env({ trace: false }),
    });
    disk.slowDown(15_000);
    await assertUnavailable(service, webhook(bytesOf(message())), 'timeout');
    disk.slowDown(0);
    await assertUnavailable(service, { path: '/health/ready' }, 'timeout');
    await eventually('it to be ready', async () =>
      (await service.get('/health/ready')).status === 200 ? true : undefined,
    );
    assert.equal((await service.page()).total, 1, 'it was not acknowledged, and is stored');
  });
});
