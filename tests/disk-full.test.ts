// A disk without room: posts are refused and not stored, everything else goes on, and the service recovers by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from './support/bounded.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { webhook } from './support/logged.ts';
import { bytesOf, message } from './support/message.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { recordIn } from './support/shapes.ts';
import { assertUnavailable } from './support/unavailable.ts';

// A mount of its own that no one else sees, and that ends with the process.
const UNSHARE = process.getuid?.() === 0 ? 'unshare --mount' : 'unshare --mount --map-root-user';
const MOUNT =
  'mount -t tmpfs -o size=4m tmpfs "$DISK" && head -c 2500000 /dev/zero >"$DISK/ballast"';

/** Starts the service on a disk of 4 MB that is partly filled, or skips the test where no disk can be mounted. */
async function startOnSmallDisk(t: TestContext): Promise<Service | undefined> {
  const directory = temporaryDirectory(t);
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  const trial = spawnSync('sh', ['-c', `${UNSHARE} sh -c '${MOUNT}'`], {
    env: { ...process.env, DISK: disk },
  });
  if (trial.status !== 0) {
    t.skip('no file system can be mounted here');
    return undefined;
  }
  const shell = `exec ${UNSHARE} sh -c '${MOUNT} && exec "$@"' sh "$@"`;
  const env = { DISK: disk, DATABASE_URL: `sqlite:///${disk}/app.db` };
  return await startService(t, { directory, env, shell });
}

/** Posts long texts until one is refused. Returns the number of those that were acknowledged. */
async function fill(service: Service): Promise<number> {
  for (let count = 0; count < 1000; count += 1) {
    const answer = await service.post(message({ text: '😀'.repeat(4096) }));
    if (answer.status !== 200) {
      assert.deepEqual([answer.status, answer.text], [503, '{"detail":"storage unavailable"}']);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
      return count;
    }
  }
  throw new Error('the disk never filled up');
}

describe('a full disk', () => {
  it('is 503 for posts and for ready; reads and live go on; with room again, all is well', async (t) => {
    const service = await startOnSmallDisk(t);
    if (!service) return;
    const acknowledged = await fill(service);
    assert.ok(acknowledged > 0);

    const ready = await service.get('/health/ready');
    assert.equal(ready.status, 503);
    const checks = recordIn(recordIn(ready.json())['checks']);
    assert.deepEqual(
      Object.keys(checks).filter((check) => checks[check] !== 'ok'),
      ['disk'],
    );
    assert.equal((await service.get('/health/live')).status, 200);
    assert.equal((await service.page('?limit=1')).total, acknowledged);
    assert.equal((await service.get('/stats')).status, 200);
    assert.equal((await service.get('/metrics')).status, 200);

    rmSync(`/proc/${service.pid}/root${service.directory}/disk/ballast`);
    const later = message();
    await eventually('a post to be accepted', async () => {
      const answer = await service.post(later);
      assert.ok(answer.status === 200 || answer.status === 503);
      return answer.status === 200 || undefined;
    });
    assert.equal((await service.get('/health/ready')).status, 200);
    assert.equal((await service.page(`?limit=1`)).total, acknowledged + 1);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.equal(service.output.stderr, '');
    service.output.lines();
  });

  it('is tried by the service itself: it takes writes again, and says so, without being asked', async (t) => {
    const service = await startOnSmallDisk(t);
    if (!service) return;
    await fill(service);
    await assertUnavailable(service, { path: '/health/ready' }, 'disk');
    const large = webhook(bytesOf(message({ text: '😀'.repeat(4096) })));
    await assertUnavailable(service, large, 'disk');
    rmSync(`/proc/${service.pid}/root${service.directory}/disk/ballast`);
    const line = await service.output.line('recovery', ({ event }) => event === 'disk_recovered');
    assert.equal(line.level, 'INFO');
    assert.equal((await service.get('/health/ready')).status, 200);
  });

  it('does not keep SIGTERM from ending the service with exit code 0: the log beside the database is durable too', async (t) => {
    const service = await startOnSmallDisk(t);
    if (!service) return;
    await fill(service);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    assert.equal(service.output.stderr, '');
    service.output.lines();
  });
});
