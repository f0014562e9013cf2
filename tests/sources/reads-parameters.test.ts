// The parameters of the lists that came with sources: what fits, what is 422, and how cursors and orders go together.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf, refusesParameter } from '../support/issues.ts';
import { linkOf } from '../support/links.ts';
import { message, uniqueNumber } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';
import { SOURCES, store, whatsapp, whatsappStatus } from '../support/sources.ts';

const service = await startService({ after }, { env: SOURCES });
const from = uniqueNumber();
const days = ['2025-01-01', '2025-01-02', '2025-01-03', '2025-01-04'];
for (const [index, day] of days.entries()) {
  const draft = message({ from, message_id: `${from} ${index}`, ts: `${day}T00:00:00Z` });
  if (index % 2 === 0) await service.store(draft);
  else await store(service, 'shop', draft);
  await store(service, 'bill', { id: `e${index}`, type: 'paid', at: `${day}T00:00:00Z` });
}
await store(service, 'wa', whatsapp({ statuses: [whatsappStatus('x+y z%2B', 'read')] }));

/** The last letters of the ids that a list gives. */
async function listed(path: string): Promise<string> {
  const answer = await service.get(path);
  assert.equal(answer.status, 200, answer.text);
  const { data } = answer.json() as { data: { message_id?: string; event_id?: string }[] };
  return data.map(({ message_id, event_id }) => (message_id ?? event_id ?? '').slice(-1)).join('');
}

const messages = (query: string): Promise<string> => listed(`/messages?from=${from}${query}`);
const bills = (query: string): Promise<string> => listed(`/events?source=bill${query}`);

describe('until, order and source that fit', () => {
  for (const list of [messages, bills]) {
    const name = list === messages ? '/messages' : '/events';
    const cases: [query: string, expected: string][] = [
      ['', '0123'],
      ['&order=asc', '0123'],
      ['&order=', '0123'],
      ['&order', '0123'],
      ['&order=desc', '3210'],
      ['&order=asc&order=desc', '3210'],
      ['&until=', '0123'],
      ['&until=2025-01-03T00:00:00Z', '01'],
      ['&until=2025-01-03T00:00:00.000000001Z', '012'],
      ['&until=2025-01-02T23:59:59.999999999Z', '01'],
      ['&until=0001-01-01T00:00:00Z', ''],
      ['&until=9999-12-31T23:59:59.999999999Z&order=desc', '3210'],
      ['&since=2025-01-02T00:00:00Z&until=2025-01-04T00:00:00Z', '12'],
      ['&since=2025-01-02T00:00:00Z&until=2025-01-04T00:00:00Z&order=desc', '21'],
      ['&since=2025-01-04T00:00:00Z&until=2025-01-02T00:00:00Z', ''],
      ['&since=2025-01-02T00:00:00Z&until=2025-01-02T00:00:00Z&order=desc', ''],
      ['&order=desc&limit=2', '32'],
    ];
    for (const [query, expected] of cases)
      it(`${name}?…${query}`, async () => assert.equal(await list(query), expected));
  }

  const ofSource: [query: string, expected: string][] = [
    ['source=default', '02'],
    ['source=shop', '13'],
    ['source=shop&order=desc', '31'],
    ['source=shop&q=hello', '13'],
    ['source=shop&until=2025-01-04T00:00:00Z', '1'],
    ['source=', '0123'],
    ['source=none', ''],
    ['source=wa', ''],
    [`source=${'a'.repeat(32)}`, ''],
    ['source=a-1', ''],
  ];
  for (const [query, expected] of ofSource)
    it(`/messages?…&${query}`, async () => assert.equal(await messages(`&${query}`), expected));

  it('with offsets that count in the order asked for, and totals of all that match', async () => {
    const page = await service.page(`?from=${from}&order=desc&offset=1&limit=2`);
    assert.deepEqual(
      [page.data.map(({ ts }) => ts.slice(0, 10)), page.total, page.offset],
      [['2025-01-03', '2025-01-02'], 4, 1],
    );
    const { data, total } = await service.page(`?from=${from}&order=desc&source=shop&offset=9`);
    assert.deepEqual([data, total], [[], 2]);
  });
});

describe('422 for what does not fit', () => {
  for (const path of ['/messages', '/events']) {
    for (const raw of ['ASC', 'Desc', 'descending', '-1', 'asc,desc', '%20desc', 'desc%00', 'ts'])
      refusesParameter(service, 'order', raw, ['value_error'], path);
    for (const raw of [
      'abc',
      '2025-01-15',
      '2025-02-30T00:00:00Z',
      '2025-01-15T10:00:00+00:00',
      '%00',
    ])
      refusesParameter(service, 'until', raw, ['datetime_parsing'], path);
    for (const raw of [
      'WA',
      'w_a',
      '1a',
      '-a',
      'a.b',
      'a/b',
      '%00',
      'a%00',
      'a%0A',
      '%20a',
      '%C3%A4',
      '*',
      "'",
      'a'.repeat(33),
    ])
      refusesParameter(service, 'source', raw, ['string_pattern_mismatch'], path);
    for (const raw of [
      'x',
      'WyJhIiwxLDIsIngiLCJ1cCJd',
      'WyJhIiwxLDIsIngiLCJkZXNjIiwxXQ',
      'W10',
      '%ff',
      '%20',
    ])
      refusesParameter(service, 'cursor', raw, ['value_error'], path);
  }
  for (const raw of ['0', '00'])
    refusesParameter(service, 'limit', raw, ['greater_than_equal'], '/events');
  for (const raw of ['101', '9'.repeat(400)])
    refusesParameter(service, 'limit', raw, ['less_than_equal'], '/events');
  for (const raw of ['', 'x', '-1', '1.0', '%D9%A5'])
    refusesParameter(service, 'limit', raw, ['int_parsing', 'greater_than_equal'], '/events');
  for (const raw of ['x', '2025-13-01T00:00:00Z'])
    refusesParameter(service, 'since', raw, ['datetime_parsing'], '/events');

  it('names every parameter that does not fit, in the order of the description', async () => {
    const query = 'limit=0&offset=x&since=y&until=z&source=W&order=up&cursor=%2B';
    const issues = issuesOf(await service.get(`/messages?${query}`));
    assert.deepEqual(
      issues.map(({ loc }) => loc[1]),
      ['limit', 'offset', 'since', 'until', 'source', 'order', 'cursor'],
    );
  });
});

describe('GET /events', () => {
  it('gives exactly its keys, and no total', async () => {
    const page = recordIn((await service.get('/events?limit=1')).json(), ['data', 'limit']);
    assert.equal(page['limit'], 1);
    const [first] = page['data'] as unknown[];
    recordIn(first, ['event_id', 'source', 'type', 'subject', 'ts', 'received_at', 'seq']);
  });

  const total = async (query: string): Promise<number> => (await listed(`/events?${query}`)).length;

  it('filters by the exact type and subject, which must be encoded', async () => {
    assert.equal(await total('type=paid'), 4);
    assert.equal(await total('type=Paid'), 0);
    assert.equal(await total('type=pai'), 0);
    assert.equal(await total('type='), 5);
    assert.equal(await total('subject='), 5);
    assert.equal(await total(`subject=${encodeURIComponent('wa:x+y z%2B')}`), 1);
    assert.equal(await total('subject=wa:x+y+z%252B'), 0);
    assert.equal(await total('type=status&subject=none'), 0);
    assert.equal(await total('subject=bill:e0'), 0);
  });

  for (const odd of [
    '%00',
    'a%00b',
    '%ff',
    '%27%20OR%201=1--',
    '%25',
    '_',
    '%F0%9F%98%80',
    'x'.repeat(7_000),
  ])
    it(`has none of an odd type or subject: ${odd.slice(0, 20)}`, async () => {
      assert.equal(await total(`type=${odd}`), 0);
      assert.equal(await total(`subject=${odd}`), 0);
    });

  it('ignores parameters that mean nothing here, a thousand of them too', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `p${index}=1`).join('&');
    assert.equal(await bills(`&offset=2&q=x&from=%2B1&${many}`), '0123');
    assert.equal(await messages(`&type=x&subject=y&${many}`), '0123');
  });
});

describe('a cursor', () => {
  const desc = async (path: string): Promise<string> =>
    new URL(
      linkOf(await service.get(`${path}&order=desc&limit=2`), 'next') ?? '',
      'http://x',
    ).searchParams.get('cursor') ?? '';

  for (const [path, ids] of [
    [`/messages?from=${from}`, '10'],
    ['/events?source=bill', '10'],
  ] as const) {
    it(`of ${path.slice(0, 9)} goes on in its order, and is refused in the other`, async () => {
      const cursor = await desc(path);
      assert.equal(await listed(`${path}&order=desc&cursor=${cursor}`), ids);
      for (const order of ['', '&order=', '&order=asc']) {
        const [issue, ...others] = issuesOf(await service.get(`${path}${order}&cursor=${cursor}`));
        assert.deepEqual(others, []);
        assert.deepEqual(
          [issue?.type, issue?.loc, issue?.msg, issue?.input],
          [
            'value_error',
            ['query', 'cursor'],
            'Input should be a cursor of a list with order=asc',
            cursor,
          ],
        );
      }
      const ascending = linkOf(await service.get(`${path}&limit=2`), 'next') ?? '';
      assert.equal(await listed(ascending), '23');
      const [issue] = issuesOf(await service.get(`${ascending}&order=desc`));
      assert.equal(issue?.msg, 'Input should be a cursor of a list with order=desc');
    });
  }

  it('that was made before there were orders is one of the ascending list', async () => {
    const ms = Date.parse('2025-01-02T00:00:00Z');
    const old = Buffer.from(JSON.stringify(['a', ms / 1_000, 0, `shop:${from} 1`])).toString(
      'base64url',
    );
    assert.equal(await messages(`&cursor=${old}`), '23');
    assert.equal(await messages(`&order=asc&cursor=${old}`), '23');
    issuesOf(await service.get(`/messages?from=${from}&order=desc&cursor=${old}`));
  });

  it('keeps its place when what it names is not in the list: it is a position', async () => {
    const key = ['a', Date.parse('2025-01-02T12:00:00Z') / 1_000, 0, 'gone'];
    const at = (order: string[]): string =>
      Buffer.from(JSON.stringify([...key, ...order])).toString('base64url');
    assert.equal(await messages(`&cursor=${at([])}`), '23');
    assert.equal(await messages(`&order=desc&cursor=${at(['desc'])}`), '10');
    assert.equal(await bills(`&order=desc&cursor=${at(['desc'])}`), '10');
  });

  it('keeps every filter in its link', async () => {
    const query = `from=${encodeURIComponent(from)}&order=desc&since=2025-01-01T00%3A00%3A00Z&until=2025-02-01T00%3A00%3A00Z&source=shop&q=hello&limit=1`;
    const answer = await service.get(`/messages?${query}`);
    assert.equal(linkOf(answer, 'first'), `/messages?${query.replaceAll('%20', '+')}`);
    const next = linkOf(answer, 'next') ?? '';
    assert.ok(next.startsWith(`/messages?${query}&cursor=`), next);
    assert.equal(await listed(next), '1');
  });

  it('does not come with an offset', async () => {
    const [issue] = issuesOf(
      await service.get(`/messages?order=desc&offset=1&cursor=${await desc('/messages?')}`),
    );
    assert.equal(issue?.msg, 'Input should not come with an offset');
  });
});
