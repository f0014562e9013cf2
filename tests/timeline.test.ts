// GET /stats/timeline: buckets, their ends, and what is refused.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf } from './support/issues.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });
await service.store(
  ...[
    '2025-01-15T09:59:59.999999999Z',
    '2025-01-15T10:00:00Z',
    '2025-01-15T10:00:00.000000001Z',
    '2025-01-15T10:59:59Z',
    '2025-01-15T12:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ].map((ts) => message({ ts })),
);

interface Timeline {
  from: string;
  to: string;
  step: number;
  counts: number[];
}

async function timeline(query: string): Promise<Timeline> {
  const answer = await service.get(`/stats/timeline?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json() as Timeline;
}

describe('the timeline', () => {
  it('counts by instant, each bucket from its start to before its end', async () => {
    assert.deepEqual(
      await timeline('from=2025-01-15T09:00:00Z&to=2025-01-15T13:00:00Z&step=3600'),
      {
        from: '2025-01-15T09:00:00Z',
        to: '2025-01-15T13:00:00Z',
        step: 3_600,
        counts: [1, 3, 0, 1],
      },
    );
  });

  it('moves the ends outwards to whole buckets', async () => {
    const { from, to, counts } = await timeline(
      'from=2025-01-15T09:59:59.5Z&to=2025-01-15T12:00:01Z&step=3600',
    );
    assert.deepEqual(
      [from, to, counts],
      ['2025-01-15T09:00:00Z', '2025-01-15T13:00:00Z', [1, 3, 0, 1]],
    );
  });

  it('counts what is within the last second', async () => {
    const { to, counts } = await timeline(
      'from=2025-01-15T11:59:00Z&to=2025-01-15T12:00:00.5Z&step=60',
    );
    assert.deepEqual([to, counts], ['2025-01-15T12:01:00Z', [0, 1]]);
  });

  it('reaches from the first year to the last', async () => {
    const early = await timeline('from=0001-01-01T00:00:00Z&to=0001-01-03T00:00:00Z&step=86400');
    assert.deepEqual(early.counts, [1, 0]);
    const late = await timeline('from=9999-12-29T00:00:00Z&to=9999-12-31T00:00:00Z&step=86400');
    assert.deepEqual(late.counts, [0, 0]);
  });

  it('is of the last day unless told, and chooses a step', async () => {
    await service.store(message({ ts: new Date(Date.now() - 60_000).toISOString() }));
    const { counts, step, from, to } = await timeline('');
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      1,
    );
    assert.equal(counts.length, (Date.parse(to) - Date.parse(from)) / 1_000 / step);
  });

  it('agrees with the list while messages arrive, at every step', async () => {
    const start = Date.parse('2024-06-01T00:00:00Z');
    const drafts = Array.from({ length: 300 }, (_, index) =>
      message({ ts: new Date(start + ((index * 7_919_333) % 864_000_000)).toISOString() }),
    );
    await Promise.all(drafts.map((draft) => service.store(draft)));
    for (const step of [3_600, 10_800, 21_600, 43_200, 86_400]) {
      const { counts } = await timeline(
        `from=2024-06-01T00:00:00Z&to=2024-06-11T00:00:00Z&step=${step}`,
      );
      const expected = counts.map(
        (_, bucket) =>
          drafts.filter(
            ({ ts }) => Math.floor((Date.parse(String(ts)) - start) / 1_000 / step) === bucket,
          ).length,
      );
      assert.deepEqual(counts, expected);
    }
  });

  const refused: [query: string, parameter: string][] = [
    ['from=abc', 'from'],
    ['to=2025-02-30T00:00:00Z', 'to'],
    ['step=7', 'step'],
    ['step=60&from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z', 'step'],
    ['from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z', 'from'],
  ];
  for (const [query, parameter] of refused) {
    it(`refuses ${query}`, async () => {
      const issues = issuesOf(await service.get(`/stats/timeline?${query}`));
      assert.deepEqual(
        issues.map(({ loc }) => loc),
        [['query', parameter]],
      );
    });
  }
});
