// GET /messages: the page, its order, and the filters by sender and time.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { during, soonAndLater } from './support/bounded.ts';
import { issuesOf } from './support/issues.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

/** Stores a message an instant, in the order given; their ids tell their place in that order. Returns their sender. */
async function storeAt(...instants: string[]): Promise<string> {
  const from = uniqueNumber();
  await service.store(
    ...instants.map((ts, index) => message({ from, ts, message_id: `${from} ${index}` })),
  );
  return from;
}

describe('the answer', () => {
  it('is empty before the first message', async (t) => {
    const empty = await startService(t);
    const answer = await empty.get('/messages');
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), { data: [], total: 0, limit: 50, offset: 0 });
  });

  it('has data, total, limit and offset, and a message its five keys, and nothing else', async () => {
    const from = uniqueNumber();
    const full = message({ from, message_id: `${from} 1`, extra: 'not returned' });
    const bare = { message_id: `${from} 2`, from, to: '+2', ts: '2025-01-15T10:00:00Z' };
    await service.store(full, bare);
    const { extra, ...expected } = full;
    assert.equal(extra, 'not returned');
    const page = await service.page(`?from=${from}&limit=7`);
    assert.deepEqual(page, {
      data: [expected, { ...bare, text: null }],
      total: 2,
      limit: 7,
      offset: 0,
    });
  });

  it('counts in total all rows that match, also on a page past the end', async () => {
    const from = await storeAt(
      '2025-01-01T00:00:00Z',
      '2025-01-02T00:00:00Z',
      '2025-01-03T00:00:00Z',
    );
    const summary = async (query: string): Promise<number[]> => {
      const { data, total, limit, offset } = await service.page(`?from=${from}&${query}`);
      return [data.length, total, limit, offset];
    };
    await soonAndLater(async () => {
      assert.deepEqual(await summary('limit=2'), [2, 3, 2, 0]);
      assert.deepEqual(await summary('limit=2&offset=2'), [1, 3, 2, 2]);
      assert.deepEqual(await summary('limit=2&offset=3'), [0, 3, 2, 3]);
      assert.deepEqual(await summary('offset=1000000'), [0, 3, 50, 1_000_000]);
      assert.deepEqual(await summary('offset=9007199254740991'), [0, 3, 50, 9_007_199_254_740_991]);
    });
  });

  it('takes total and data from one snapshot, also while messages arrive', async () => {
    const from = uniqueNumber();
    const posts = Promise.all(Array.from({ length: 100 }, () => service.store(message({ from }))));
    let total = 0;
    await during(posts, async () => {
      const page = await service.page(`?from=${from}&limit=100`);
      assert.equal(page.data.length, page.total);
      assert.ok(page.total >= total);
      total = page.total;
    });
    assert.equal((await service.page(`?from=${from}&limit=100`)).total, 100);
  });
});

describe('from: the exact sender', () => {
  it('works encoded, and with the raw + of a URL written by hand', async () => {
    const from = await storeAt('2025-01-15T10:00:00Z');
    assert.equal((await service.page(`?from=%2B${from.slice(1)}`)).total, 1);
    assert.equal((await service.page(`?from=+${from.slice(1)}`)).total, 1);
    assert.equal((await service.page(`?from=%2b${from.slice(1)}&limit=1`)).total, 1);
    assert.equal((await service.page(`?limit=1&from=%20${from.slice(1)}`)).total, 1);
  });

  it('is neither a prefix, nor a part, nor a pattern', async () => {
    const from = await storeAt('2025-01-15T10:00:00Z');
    for (const other of [
      `${from}0`,
      from.slice(0, -1),
      `%2B${from.slice(2)}`,
      '%2B1',
      `${from.slice(0, -1)}_`,
      `${from.slice(0, -1)}%25`,
    ]) {
      const answer = await service.get(`/messages?from=${other}`);
      assert.ok(
        answer.status === 422 || (answer.json() as { total: number }).total === 0,
        `${other}: ${answer.text}`,
      );
    }
  });

  it('is not the recipient', async () => {
    const to = uniqueNumber();
    await service.store(message({ to }));
    assert.equal((await service.page(`?from=${to}`)).total, 0);
  });
});

describe('since: messages with ts >= since', () => {
  const stored = [
    '2025-01-15T09:59:59.999999999Z',
    '2025-01-15T10:00:00Z',
    '2025-01-15T10:00:00.5Z',
    '2025-01-15T10:00:00.500000001Z',
    '2025-01-15T10:00:01Z',
  ];
  const cases: [string, number][] = [
    ['0001-01-01T00:00:00Z', 5],
    ['2025-01-15T10:00:00Z', 4],
    ['2025-01-15T10:00:00.000Z', 4],
    ['2025-01-15T10:00:00.000000001Z', 3],
    ['2025-01-15T10:00:00.5Z', 3],
    ['2025-01-15T10:00:00.500Z', 3],
    ['2025-01-15T10:00:00.500000001Z', 2],
    ['2025-01-15T10:00:00.500000002Z', 1],
    ['2025-01-15T10:00:01Z', 1],
    ['2025-01-15T10:00:01.0Z', 1],
    ['2025-01-15T10:00:01.000000001Z', 0],
    ['9999-12-31T23:59:59.999999999Z', 0],
  ];
  for (const [since, count] of cases) {
    it(`${since} leaves ${count} of 5`, async () => {
      const from = await storeAt(...stored);
      await soonAndLater(async () => {
        const page = await service.page(`?from=${from}&since=${since}`);
        assert.deepEqual(
          page.data.map((row) => row.ts),
          stored.slice(stored.length - count),
        );
        assert.equal(page.total, count);
      });
    });
  }
});

describe('filters combine with AND', () => {
  it('and total counts what is left', async () => {
    const from = uniqueNumber();
    const other = uniqueNumber();
    const tag = from.slice(1);
    const wanted = message({ from, ts: '2025-03-02T00:00:00Z', text: `Yes ${tag}` });
    await service.store(
      wanted,
      message({ from: other, ts: '2025-03-02T00:00:00Z', text: `Yes ${tag}` }),
      message({ from, ts: '2025-03-01T00:00:00Z', text: `Yes ${tag}` }),
      message({ from, ts: '2025-03-02T00:00:00Z', text: `No ${tag}` }),
      message({ from, ts: '2025-03-02T00:00:00Z', text: null }),
    );
    const total = async (query: string): Promise<number> => (await service.page(query)).total;
    await soonAndLater(async () => {
      assert.equal(await total(`?from=${from}`), 4);
      assert.equal(await total(`?q=${tag}`), 4);
      assert.equal(await total(`?from=${from}&since=2025-03-02T00:00:00Z`), 3);
      assert.equal(await total(`?q=yes+${tag}`), 3);
      assert.equal(await total(`?from=${from}&q=yes`), 2);
      assert.equal(await total(`?since=2025-03-02T00:00:00Z&q=yes+${tag}`), 2);
      const all = `?q=yes&since=2025-03-02T00:00:00Z&from=${from}`;
      assert.deepEqual(await service.page(all), { data: [wanted], total: 1, limit: 50, offset: 0 });
      assert.deepEqual(await service.page(`${all}&offset=1`), {
        data: [],
        total: 1,
        limit: 50,
        offset: 1,
      });
    });
  });
});

describe('a refused page', () => {
  it('has an entry for each parameter that does not fit', async () => {
    const issues = issuesOf(await service.get('/messages?limit=0&offset=-1&since=abc'));
    assert.deepEqual(issues.map((issue) => issue.loc.join('.')).toSorted(), [
      'query.limit',
      'query.offset',
      'query.since',
    ]);
  });
});
