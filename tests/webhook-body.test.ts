// Signed bodies that are no message: each is a 422 whose entries tell what is wrong and where, one entry an issue.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf } from './support/issues.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

describe('a signed body that cannot be read', () => {
  const notUtf8: [string, number[]][] = [
    ['a byte that UTF-8 never has', [0xff]],
    ['a lone continuation byte', [0x80]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['an overlong slash', [0xe0, 0x80, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point over U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a sequence cut short', [0xe2, 0x82]],
    ['Latin-1', [0xe9]],
  ];
  for (const [name, bytes] of notUtf8) {
    it(`is 422, not UTF-8: ${name}`, async () => {
      const [before = '', end = ''] = JSON.stringify(message({ text: '|' })).split('|');
      const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(end)]);
      const issues = issuesOf(await service.post(body));
      assert.deepEqual(
        issues.map((issue) => issue.loc[0]),
        ['body'],
      );
    });
  }

  const notJson = [
    '',
    ' ',
    '{',
    '{"a":1}}',
    '{"a":1,}',
    "{'a':1}",
    '{a:1}',
    '[1',
    'nul',
    'NaN',
    '-',
    '"\n"',
    '{"a":01}',
    '{"a":"\\x"}',
    '{}\u0000',
    '/**/{}',
  ];
  for (const raw of notJson) {
    it(`is 422 json_invalid, not JSON: ${JSON.stringify(raw)}`, async () => {
      const issues = issuesOf(await service.post(raw));
      assert.equal(issues.length, 1);
      assert.equal(issues[0]?.type, 'json_invalid');
      assert.equal(issues[0].loc.length, 2);
      assert.equal(issues[0].loc[0], 'body');
      assert.ok(Number.isSafeInteger(issues[0].loc[1]));
    });
  }

  for (const raw of ['[]', '[{}]', '"text"', '1', '1e400', 'true', 'null']) {
    it(`is 422 model_attributes_type, not an object: ${raw}`, async () => {
      const issues = issuesOf(await service.post(raw));
      assert.deepEqual(
        issues.map(({ type, loc }) => ({ type, loc })),
        [{ type: 'model_attributes_type', loc: ['body'] }],
      );
    });
  }

  it('is 422 however deep it is nested', async () => {
    const depth = 100_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    for (const raw of [deep, `{"text":${deep}}`, '['.repeat(depth)]) {
      const answer = await service.post(raw);
      issuesOf(answer);
      assert.ok(answer.text.length < raw.length / 2, 'the echo is bounded');
    }
  });
});

describe('a 422', () => {
  it('has one entry an issue', async () => {
    const answer = await service.post({ message_id: 7, from: '919', to: '+', ts: 'now', text: [] });
    const found = issuesOf(answer).map(({ type, loc, input }) => [loc, type, input]);
    assert.deepEqual(found, [
      [['body', 'message_id'], 'string_type', 7],
      [['body', 'from'], 'string_pattern_mismatch', '919'],
      [['body', 'to'], 'string_pattern_mismatch', '+'],
      [['body', 'ts'], 'datetime_parsing', 'now'],
      [['body', 'text'], 'string_type', []],
    ]);
  });

  it('names each absent field, and echoes what the field is absent from', async () => {
    const issues = issuesOf(await service.post({ text: 'alone' }));
    const wanted = ['message_id', 'from', 'to', 'ts'].map((field) => ({
      type: 'missing',
      loc: ['body', field],
      msg: 'Field required',
      input: { text: 'alone' },
    }));
    assert.deepEqual(issues, wanted);
  });

  it('bounds what it echoes', async () => {
    const long = 'x'.repeat(300_000);
    for (const draft of [
      message({ text: long }),
      message({ from: [long] }),
      message({ message_id: long }),
      { [long]: long },
      { text: 5, extra: long },
    ]) {
      const answer = await service.post(draft);
      issuesOf(answer);
      assert.ok(answer.text.length < 30_000, `an answer of ${answer.text.length} characters`);
    }
  });

  it('stores nothing', async () => {
    const from = uniqueNumber();
    issuesOf(await service.post(message({ from, ts: '2025-02-30T10:00:00Z' })));
    assert.equal((await service.page(`?from=${from}`)).total, 0);
  });
});
