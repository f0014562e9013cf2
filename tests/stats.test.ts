// GET /stats: totals, the ten busiest senders, and the first and last instant.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { during } from './support/bounded.ts';
import { message } from './support/message.ts';
import type { Draft } from './support/message.ts';
import { startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { statsIn } from './support/shapes.ts';
import type { Stats } from './support/shapes.ts';

async function statsOf(service: Service): Promise<Stats> {
  const answer = await service.get('/stats');
  assert.equal(answer.status, 200);
  return statsIn(answer.json());
}

/** `count` messages of each sender. */
function crowd(senders: Record<string, number>): Draft[] {
  return Object.entries(senders).flatMap(([from, count]) =>
    Array.from({ length: count }, () => message({ from })),
  );
}

describe('GET /stats', () => {
  it('is all zero and null when empty', async (t) => {
    const expected = {
      total_messages: 0,
      senders_count: 0,
      messages_per_sender: [],
      first_message_ts: null,
      last_message_ts: null,
    };
    assert.deepEqual(await statsOf(await startService(t)), expected);
  });

  it('counts each stored message once, and nothing that was refused or repeated', async (t) => {
    const service = await startService(t);
    const first = message({ from: '+1', ts: '2025-01-15T10:00:00Z' });
    await service.store(first, first, { ...first, from: '+3', ts: '2020-01-01T00:00:00Z' });
    await service.store(
      message({ from: '+1', ts: '2025-01-15T09:00:00Z' }),
      message({ from: '+2', ts: '2025-01-15T11:00:00Z', text: null }),
    );
    assert.equal((await service.post(message({ from: '+4' }), 'wrong')).status, 401);
    assert.equal((await service.post(message({ from: '+4', ts: 'now' }))).status, 422);
    assert.deepEqual(await statsOf(service), {
      total_messages: 3,
      senders_count: 2,
      messages_per_sender: [
        { from: '+1', count: 2 },
        { from: '+2', count: 1 },
      ],
      first_message_ts: '2025-01-15T09:00:00Z',
      last_message_ts: '2025-01-15T11:00:00Z',
    });
  });

  it('names at most ten senders, by count descending, then by from ascending, and counts them all', async (t) => {
    const service = await startService(t);
    await service.store(
      ...crowd({
        '+9': 1,
        '+8': 1,
        '+70': 2,
        '+7': 2,
        '+69': 2,
        '+60': 1,
        '+5': 4,
        '+4': 1,
        '+30': 3,
        '+3': 3,
        '+2': 1,
        '+1': 1,
        '+10': 1,
      }),
    );
    const stats = await statsOf(service);
    assert.equal(stats.total_messages, 23);
    assert.equal(stats.senders_count, 13);
    assert.deepEqual(
      stats.messages_per_sender.map(({ from, count }) => `${from} ${count}`),
      ['+5 4', '+3 3', '+30 3', '+69 2', '+7 2', '+70 2', '+1 1', '+10 1', '+2 1', '+4 1'],
    );
    assert.deepEqual(Object.keys(stats.messages_per_sender[0] ?? {}).toSorted(), ['count', 'from']);
  });

  it('finds first and last by instant, not by spelling, and gives them as they were sent', async (t) => {
    const service = await startService(t);
    const spread = async (...instants: string[]): Promise<(string | null)[]> => {
      await service.store(...instants.map((ts) => message({ ts })));
      const { first_message_ts: first, last_message_ts: last } = await statsOf(service);
      return [first, last];
    };
    const one = '2025-01-15T10:00:00.50Z';
    assert.deepEqual(await spread(one), [one, one]);
    assert.deepEqual(await spread('2025-01-15T10:00:00Z'), ['2025-01-15T10:00:00Z', one]);
    assert.deepEqual(
      await spread('2025-01-15T10:00:00.123456789Z', '2025-01-15T10:00:00.500000001Z'),
      ['2025-01-15T10:00:00Z', '2025-01-15T10:00:00.500000001Z'],
    );
    assert.deepEqual(await spread('2025-01-15T09:59:59.999999999Z'), [
      '2025-01-15T09:59:59.999999999Z',
      '2025-01-15T10:00:00.500000001Z',
    ]);
    assert.deepEqual(await spread('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.9Z'), [
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.9Z',
    ]);
  });

  it('counts a message from the moment of its 200, and senders sum up to the total, also while messages arrive', async (t) => {
    const service = await startService(t);
    let acknowledged = 0;
    const posts = ['+1', '+2', '+3', '+4'].map(async (from) => {
      for (let count = 0; count < 25; count += 1) {
        await service.store(message({ from }));
        acknowledged += 1;
      }
    });
    await during(Promise.all(posts), async () => {
      const before = acknowledged;
      const stats = await statsOf(service);
      assert.ok(stats.total_messages >= before, `${stats.total_messages} of ${before}`);
      assert.equal(
        stats.messages_per_sender.reduce((sum, sender) => sum + sender.count, 0),
        stats.total_messages,
      );
      assert.equal(stats.messages_per_sender.length, stats.senders_count);
    });
    assert.equal((await statsOf(service)).total_messages, 100);
  });

  it('is still right after a restart', async (t) => {
    const service = await startService(t);
    await service.store(...crowd({ '+1': 3, '+2': 1 }));
    const before = await statsOf(service);
    await service.stop();
    assert.deepEqual(
      await statsOf(await startService(t, { directory: service.directory })),
      before,
    );
  });

  it('needs no parameters and ignores those it gets', async (t) => {
    const service = await startService(t);
    await service.store(message());
    const answer = await service.get('/stats?limit=abc&from=%2B1&%zz');
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), await statsOf(service));
  });
});
