// The parameters of GET /messages: what fits, what is 422, and how a query string is read.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf, refusesParameter } from './support/issues.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });
const from = uniqueNumber();
const texts = ['100%', '100', 'a b', 'a+b', '%zz', '\ufffd', 'last', null];
await service.store(
  ...texts.map((text, index) =>
    message({ from, text, message_id: `${from} ${index}`, ts: `2025-01-0${index + 1}T00:00:00Z` }),
  ),
);

const notDigits = [
  '',
  '+',
  '+5',
  '%2B5',
  '-',
  '1.5',
  '1.0',
  '1e1',
  '1E1',
  '0x10',
  '0b1',
  '1_0',
  '1,0',
  '5%20',
  '%205',
  '%0A5',
  '5%0A',
  '5%00',
  'abc',
  'five',
  'NaN',
  'Infinity',
  'null',
  'true',
  '[]',
  '%D9%A5',
  '%EF%BC%95',
  '%E2%85%A4',
  '%C2%B2',
  '5;',
  '%ff',
  '%zz',
  '%',
];

describe('limit: digits only, 1 to 100; 50 unless given', () => {
  for (const [raw, limit] of [
    ['1', 1],
    ['2', 2],
    ['50', 50],
    ['99', 99],
    ['100', 100],
    ['007', 7],
    ['0100', 100],
  ] as const) {
    it(`limit=${raw} fits`, async () => {
      const page = await service.page(`?from=${from}&limit=${raw}`);
      assert.equal(page.limit, limit);
      assert.equal(page.data.length, Math.min(limit, texts.length));
    });
  }

  it('is 50 unless given', async () => {
    const crowd = uniqueNumber();
    await Promise.all(Array.from({ length: 51 }, () => service.store(message({ from: crowd }))));
    const page = await service.page(`?from=${crowd}`);
    assert.deepEqual([page.data.length, page.total, page.limit, page.offset], [50, 51, 50, 0]);
  });
});

describe('422 for a limit that does not fit', () => {
  for (const raw of notDigits) refusesParameter(service, 'limit', raw, ['int_parsing']);
  for (const raw of ['0', '00']) refusesParameter(service, 'limit', raw, ['greater_than_equal']);
  for (const raw of ['101', '1000', '9007199254740993', '99999999999999999999', '9'.repeat(400)])
    refusesParameter(service, 'limit', raw, ['less_than_equal']);
  for (const raw of ['-1', '-0', '-100'])
    refusesParameter(service, 'limit', raw, ['int_parsing', 'greater_than_equal']);
});

describe('offset: digits only, 0 to 2^53-1; 0 unless given', () => {
  for (const [raw, offset] of [
    ['0', 0],
    ['1', 1],
    ['8', 8],
    ['00', 0],
    ['9007199254740991', 9_007_199_254_740_991],
  ] as const) {
    it(`offset=${raw} fits`, async () => {
      const page = await service.page(`?from=${from}&offset=${raw}`);
      assert.equal(page.offset, offset);
      assert.equal(page.data.length, Math.max(0, texts.length - offset));
      assert.equal(page.total, texts.length);
    });
  }
});

describe('422 for an offset that does not fit', () => {
  for (const raw of notDigits) refusesParameter(service, 'offset', raw, ['int_parsing']);
  for (const raw of [
    '9007199254740992',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551616',
    '100000000000000000000',
    `1${'0'.repeat(400)}`,
  ]) {
    refusesParameter(service, 'offset', raw, ['less_than_equal']);
  }
  for (const raw of ['-1', '-0'])
    refusesParameter(service, 'offset', raw, ['int_parsing', 'greater_than_equal']);
});

describe('422 for a since that does not fit', () => {
  const bad = [
    'abc',
    '2025',
    '2025-01-15',
    '2025-01-15T10:00:00',
    '2025-01-15T10:00Z',
    '2025-01-15+10:00:00Z',
    '2025-01-15T10:00:00+00:00',
    '2025-01-15T10:00:00%2B00:00',
  ];
  const odd = [
    '2025-01-15t10:00:00Z',
    '2025-01-15T10:00:00z',
    '2025-01-15T10:00:00.Z',
    '2025-01-15T10:00:00.1234567890Z',
    '2025-01-15T10:00:00Z%0A',
    '%202025-01-15T10:00:00Z',
    '2025-01-15T10:00:00Z%00',
    '1736935200',
    '%D9%A2025-01-15T10:00:00Z',
  ];
  const missing = [
    '2025-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2025-01-01T24:00:00Z',
    '2025-06-30T23:59:60Z',
  ];
  for (const raw of [...bad, ...odd, ...missing])
    refusesParameter(service, 'since', raw, ['datetime_parsing']);
});

describe('a query string', () => {
  const total = async (query: string): Promise<number> => (await service.page(query)).total;
  const all = texts.length;

  it('with an empty from, since or q is read as if they were absent', async () => {
    const everything = await total('');
    assert.ok(everything >= all);
    assert.equal(await total('?from=&since=&q='), everything);
    assert.equal(await total('?from&since&q'), everything);
    assert.equal(await total(`?from=${from}&q=&since=2025-01-07T00:00:00Z`), 2);
  });

  it('counts the last of a repeated parameter', async () => {
    assert.equal(await total(`?from=%2B1&from=${from}`), all);
    assert.equal(await total(`?from=${from}&q=none&q=last`), 1);
    assert.equal((await service.page('?limit=abc&limit=3')).limit, 3);
    assert.equal((await service.page('?offset=5&offset=3')).offset, 3);
    issuesOf(await service.get('/messages?limit=3&limit=abc'));
    assert.equal(await total(`?from=${from}&q=none&q=`), all);
  });

  it('may have parameters that mean nothing here', async () => {
    assert.equal(
      await total(
        `?from=${from}&page=2&Limit=0&LIMIT=x&__proto__=1&constructor=2&toString&limit[]=0&to=%2B1&=&&?&x`,
      ),
      all,
    );
  });

  it('is form decoded: + is a space, %2B a plus', async () => {
    assert.deepEqual(await service.ids(`?from=${from}&q=a+b`), [`${from} 2`]);
    assert.deepEqual(await service.ids(`?from=${from}&q=a%20b`), [`${from} 2`]);
    assert.deepEqual(await service.ids(`?from=${from}&q=a%2Bb`), [`${from} 3`]);
    assert.deepEqual(await service.ids(`?%66rom=${from}&%71=a%2bb`), [`${from} 3`]);
  });

  it('may have percent signs that encode nothing: they are literal', async () => {
    assert.deepEqual(await service.ids(`?from=${from}&q=100%`), [`${from} 0`]);
    assert.deepEqual(await service.ids(`?from=${from}&q=100%25`), [`${from} 0`]);
    assert.deepEqual(await service.ids(`?from=${from}&q=%zz`), [`${from} 4`]);
  });

  it('may have bytes that are not UTF-8: they are read as U+FFFD', async () => {
    assert.deepEqual(await service.ids(`?from=${from}&q=%ff`), [`${from} 5`]);
  });

  it('may name from anything: what no sender has finds nothing', async () => {
    for (const odd of ['%00', '%27%20OR%201=1--', '%2B', '%F0%9F%98%80', 'a'.repeat(5000)]) {
      const answer = await service.get(`/messages?from=${odd}`);
      assert.ok(
        answer.status === 422 || (answer.json() as { total: number }).total === 0,
        answer.text.slice(0, 200),
      );
    }
  });
});
