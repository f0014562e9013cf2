// Reads that never end: they are given up after their time, others are refused at once, and the service stays ready.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bounded, during, eventually } from './support/bounded.ts';
import { parseExposition } from './support/exposition.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { assertUnavailable, makeStatsEndless, unavailableCounts } from './support/unavailable.ts';

/** As many as one thread and its queue take, and some more. */
const QUEUE = 256;
const REFUSED = 20;

async function gauge(service: Service, name: string): Promise<number | undefined> {
  return parseExposition((await service.get('/metrics')).text).get(name)?.samples[0]?.value;
}

describe('a burst of reads that never end', () => {
  it('fills the threads and their queue; ready and the gauges do not wait for it', async (t) => {
    const service = await startService(t, { env: { READER_THREADS: '1' } });
    await service.store(message());
    const restore = makeStatsEndless(service.databasePath);
    let settled = 0;
    const reads = Array.from({ length: 1 + QUEUE + REFUSED }, async () => {
      const { status } = await service.get('/stats');
      settled += 1;
      return status;
    });
    await eventually('those over the bound to be refused', () => settled === REFUSED || undefined);
    for (const path of ['/stats', '/stats/timeline', '/messages'])
      await assertUnavailable(service, { path }, 'queue_full');
    assert.equal(await gauge(service, 'oncebox_reader_queue_questions'), QUEUE);
    assert.equal(await gauge(service, 'oncebox_messages'), 1);
    for (let round = 0; round < 3; round += 1)
      assert.equal((await service.get('/health/ready')).status, 200);
    await service.store(message());

    const statuses = await bounded(Promise.all(reads), () => 'the reads to be given up');
    assert.deepEqual(new Set(statuses), new Set([503]));
    assert.deepEqual(await unavailableCounts(service), {
      '/messages queue_full': 1,
      '/stats queue_full': REFUSED + 1,
      '/stats timeout': QUEUE + 1,
      '/stats/timeline queue_full': 1,
    });
    const lines = service.output.requests().filter(({ status }) => status === 503);
    assert.equal(lines.filter(({ reason }) => reason === 'timeout').length, QUEUE + 1);
    restore();
    const stats = await service.get('/stats');
    assert.equal(stats.status, 200, 'the thread that was over its time has been replaced');
    assert.equal((await service.page()).total, 2);
  });

  it('one of them is given up by itself, and the others are answered meanwhile', async (t) => {
    const service = await startService(t);
    const restore = makeStatsEndless(service.databasePath);
    let reads = 0;
    await during(assertUnavailable(service, { path: '/stats' }, 'timeout'), async () => {
      assert.equal((await service.get('/messages')).status, 200);
      reads += 1;
    });
    assert.ok(reads > 1);
    restore();
    assert.equal((await service.get('/stats')).status, 200);
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
  });
});
