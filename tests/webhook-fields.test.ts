// The fields of a message: every rule of the table, with what it accepts and what it answers to the rest.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { issuesOf, fits, misfits, NOT_STRINGS } from './support/issues.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

describe('message_id: string, 1 to 512 characters', () => {
  const good = [
    'm',
    ' ',
    '\n',
    '\u0000',
    'a\u0000b',
    '😀',
    'é',
    'e\u0301',
    '%_"\'*\\',
    '\ufeff',
    '\uffff',
    '0',
    'null',
    "'); DROP TABLE messages; --",
  ];
  for (const value of good) fits(service, 'message_id', value);
  fits(service, 'message_id', 'x'.repeat(512));
  fits(service, 'message_id', '😀'.repeat(512));
  misfits(service, 'message_id', undefined, ['missing'], 'absent');
  misfits(service, 'message_id', '', ['string_too_short']);
  misfits(service, 'message_id', 'x'.repeat(513), ['string_too_long']);
  misfits(service, 'message_id', '😀'.repeat(513), ['string_too_long']);
  for (const value of NOT_STRINGS) misfits(service, 'message_id', value, ['string_type']);
});

for (const field of ['from', 'to']) {
  describe(`${field}: +, then ASCII digits only, at least one, 64 characters at most`, () => {
    for (const value of ['+1', '+0', '+00', '+919876543210', `+${'9'.repeat(63)}`])
      fits(service, field, value);
    const bad = [
      '+',
      '919876543210',
      '-1',
      '++1',
      '+1+',
      '+1a',
      '+a',
      '+ 1',
      '+1 ',
      ' +1',
      '+1\n',
      '\n+1',
      '+1\r\n',
      '+1\u0000',
      '\u0000+1',
      '+1.0',
      '+1-2',
      '+(1)2',
      '00491',
      '+1\n+2',
    ];
    const unicode = ['+१२३', '+١٢', '+１２', '+²', '+1१', '＋1', '+𝟙', '+Ⅷ'];
    for (const value of [...bad, ...unicode])
      misfits(service, field, value, ['string_pattern_mismatch']);
    misfits(service, field, '', ['string_pattern_mismatch', 'string_too_short']);
    misfits(service, field, `+${'9'.repeat(64)}`, ['string_pattern_mismatch', 'string_too_long']);
    misfits(service, field, undefined, ['missing'], 'absent');
    for (const value of NOT_STRINGS) misfits(service, field, value, ['string_type']);
  });
}

describe('text: absent, null, or a string of at most 4096 characters', () => {
  fits(service, 'text', undefined, 'absent, and comes back as null');
  fits(service, 'text', null);
  for (const value of [
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\u0000\u0000',
    '\r\n\t',
    '\u2028\u2029',
    '\ufeff',
    '\uffff',
    '😀',
    '\u001f\u007f',
    '</script>',
    "' OR 1=1 --",
  ])
    fits(service, 'text', value);
  fits(service, 'text', 'x'.repeat(4096));
  fits(service, 'text', '😀'.repeat(4096));
  fits(service, 'text', '\u0000'.repeat(4096));
  misfits(service, 'text', 'x'.repeat(4097), ['string_too_long']);
  misfits(service, 'text', '😀'.repeat(4097), ['string_too_long']);
  misfits(service, 'text', `${'😀'.repeat(4096)}x`, ['string_too_long']);
  for (const value of NOT_STRINGS.filter((kind) => kind !== null))
    misfits(service, 'text', value, ['string_type']);
});

describe('a string with a lone surrogate is a validation error', () => {
  const lone = [
    '"\\ud800"',
    '"\\udfff"',
    '"a\\udc00b"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ud83d\\ude00"',
    '"\\uD83Dx"',
  ];
  for (const field of ['message_id', 'from', 'to', 'ts', 'text']) {
    for (const raw of lone) {
      it(`${field}: ${raw}`, async () => {
        const body = JSON.stringify(message({ [field]: '|' })).replace('"|"', raw);
        const issues = issuesOf(await service.post(body));
        assert.deepEqual(
          issues.map((issue) => issue.loc),
          [['body', field]],
        );
      });
    }
  }

  it('and a pair of escapes is the character that it stands for', async () => {
    const from = uniqueNumber();
    const body = JSON.stringify(message({ from, text: '|' })).replace('|', '\\ud83d\\ude00');
    assert.equal((await service.post(body)).status, 200);
    assert.equal((await service.page(`?from=${from}`)).data[0]?.text, '😀');
  });
});
