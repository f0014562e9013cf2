// How a body is read: where JSON is wrong, as Python's json names it, the names in it, and the byte order mark before it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { issuesOf } from './support/issues.ts';
import { bytesOf, message, sign } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

/** Bodies, and the positions that `json.loads` of Python 3.11 gives for them. */
const ERRORS: Readonly<Record<string, readonly (readonly [body: string, position: number])[]>> = {
  'the text looks like a message of an engine': [
    ['{"message_id":x}', 14],
    ['[1, position 7]', 4],
    ['{"a":"position 99" 1}', 19],
    ['["at position 3",]', 17],
    ['{"position 2":}', 14],
  ],
  'the input ends too early': [
    ['', 0],
    [' \t', 2],
    ['{', 1],
    ['{ ', 2],
    ['{"a', 1],
    ['{"a"', 4],
    ['{"a" ', 5],
    ['{"a":', 5],
    ['{"a": ', 6],
    ['{"a":1', 6],
    ['{"a":1 ', 7],
    ['{"a":1,', 7],
    ['{"a":1, ', 8],
    ['[', 1],
    ['[[ ', 3],
    ['[1', 2],
    ['[1,', 3],
    ['"abc', 0],
    ['"a\\', 0],
    ['"\\u0041', 2],
    ['nul', 0],
    ['-', 0],
  ],
  'a string is at fault': [
    ['"\n"', 1],
    ['{"a":"b\tc"}', 7],
    ['"a\u0000"', 2],
    ['{"a":"\\x"}', 6],
    ['"\\u12g4"', 2],
    ['"\\ud83d\\u"', 8],
    ['"\\ud83d\\ude0g"', 8],
    ['{"a":"b}', 5],
    ['{"a":"b\\"}', 5],
  ],
  'a number or a literal is at fault': [
    ['{"a":01}', 6],
    ['-01', 2],
    ['1.', 1],
    ['[1.]', 2],
    ['[1.5.5]', 4],
    ['1e', 1],
    ['[1ee5]', 2],
    ['+1', 0],
    ['[.5]', 1],
    ['0x1', 1],
    ['truex', 4],
    ['[nulL]', 1],
    ['[-]', 1],
    ['{"a":nan}', 5],
    ['[undefined]', 1],
  ],
  'the structure is at fault': [
    ['{"a":1}}', 7],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1,,2]', 3],
    ['{,}', 1],
    ['[ ,]', 2],
    ["{'a':1}", 1],
    ['{a:1}', 1],
    ['{1:2}', 1],
    ['{"a" 1}', 5],
    ['{"a"}', 4],
    ['{"a":1 "b":2}', 7],
    ['{"a":[1,2}', 9],
    ['[1}', 2],
    [']', 0],
    ['}', 0],
    [',', 0],
    ['true false', 5],
    ['{}{}', 2],
    ['/**/{}', 0],
    ['{} //', 3],
  ],
  'characters are counted, not bytes or UTF-16 units': [
    ['"\ud83d\ude00" x', 4],
    ['{"\ud83d\ude00\u00e9":x}', 6],
    ['["\\ud83d\\ude00",\ud83d\ude00]', 16],
    ['\u00a0{}', 0],
    ['{}\u00a0', 2],
    ['\u20281', 0],
  ],
  'Python takes it for a number, and RFC 8259 does not': [
    ['NaN', 0],
    ['[-Infinity]', 1],
    ['{"a":Infinity}', 5],
  ],
  'there is a byte order mark, which counts for nothing where it is the first': [
    ['\ufeff{', 1],
    ['\ufeff', 0],
    ['\ufeff{"a":x}', 5],
    ['\ufeff\ufeff{}', 0],
    ['\ufeff \ufeff{}', 1],
    ['{"a":\ufeff1}', 5],
    [' \ufeff{}', 1],
  ],
};

describe('the position of a JSON error', () => {
  for (const [name, cases] of Object.entries(ERRORS)) {
    it(`is where a strict parser stops: ${name}`, async () => {
      for (const [body, position] of cases) {
        const [issue, ...more] = issuesOf(await service.post(body));
        assert.deepEqual(
          [issue?.type, issue?.loc, issue?.msg, more],
          ['json_invalid', ['body', position], 'JSON decode error: body is not valid JSON', []],
          JSON.stringify(body),
        );
      }
    });
  }

  it('is found in a body of the largest size, however deep it is nested', async () => {
    const size = 1_048_576;
    for (const [body, position] of [
      ['['.repeat(size), size],
      ['{"a":'.repeat(size / 8), (size / 8) * 5],
      [`${'['.repeat(size / 2)}${']'.repeat(size / 2 - 1)}}`, size - 1],
      [`"${'\\n'.repeat(size / 2 - 1)}`, 0],
      [`[${'1,'.repeat(size / 2 - 1)}]`, size - 1],
    ] as const) {
      const [issue] = issuesOf(await service.post(body));
      assert.deepEqual(issue?.loc, ['body', position]);
    }
  });
});

describe('the names in a body', () => {
  it('are read as they are, whatever callers without the secret have had read before', async () => {
    const id = randomUUID();
    // V8 14.6 takes a name that is written with an escape for one that begins with a backslash, in an object like one that had it.
    const { message_id: _, ...rest } = message();
    const before = { [id]: 1, '\\u006dessa': id, ...rest };
    const cursor = Buffer.from(JSON.stringify([before])).toString('base64url');
    for (const path of ['/messages', '/events'])
      assert.equal((await service.get(`${path}?cursor=${cursor}`)).status, 422);
    const body = JSON.stringify({ [id]: 1, message_id: id, ...rest }).replace(
      '"message_id"',
      String.raw`"\u006dessage_id"`,
    );
    const answer = await service.post(body);
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await service.get(`/message?id=${id}`)).status, 200);
  });
});

describe('a byte order mark before the JSON', () => {
  const MARK = '\ufeff';

  it('is ignored, and signed as the byte that it is', async () => {
    const sent = message();
    const body = bytesOf(MARK + JSON.stringify(sent));
    assert.equal((await service.post(body, sign(JSON.stringify(sent)))).status, 401);
    assert.equal((await service.post(body)).status, 200);
    assert.equal((await service.post(sent)).status, 200);
    assert.deepEqual(
      (await service.page()).data.filter(({ message_id }) => message_id === sent.message_id),
      [sent],
    );
  });

  it('stays where it belongs to a text', async () => {
    const sent = message({ message_id: `${MARK}marked`, text: MARK });
    await service.store(sent);
    const { data } = await service.page();
    assert.deepEqual(
      data.find(({ message_id }) => message_id === sent.message_id),
      sent,
    );
  });

  it('is ignored once', async () => {
    const [issue] = issuesOf(await service.post(MARK + MARK + JSON.stringify(message())));
    assert.deepEqual(issue?.loc, ['body', 0]);
  });
});
