// A disk without room: posts are refused and not stored, everything else goes on, and the service recovers by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from './support/bounded.ts';
import { webhook } from './support/logged.ts';
import { bytesOf, message } from './support/message.ts';
import { recordIn } from './support/shapes.ts';
import { LONG_TEXT, fill, makeRoom, startOnSmallDisk } from './support/small-disk.ts';
import { assertUnavailable } from './support/unavailable.ts';

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

    makeRoom(service);
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
    const large = webhook(bytesOf(message({ text: LONG_TEXT })));
    await assertUnavailable(service, large, 'disk');
    makeRoom(service);
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
