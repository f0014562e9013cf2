// The settings of the scheme hmac, and the tolerance of those with a signed time: which stop the start, and which variable is named.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import type { SchemeName } from '../../app/model/source.ts';
import { type SourceSettings, UnusableSetting } from '../../app/sources/scheme.ts';
import { NOW, NOW_MS, accepts, postOf, sourceOf } from './signed.ts';

const SECRET = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HEADER = { HEADER: 'X-Sig' };
const TIMED = { ...HEADER, SIGNED: '{timestamp}.{body}', TIMESTAMP_HEADER: 'X-Time' };

const REFUSED: readonly (readonly [
  what: string,
  settings: SourceSettings,
  setting: string,
  reason: RegExp,
])[] = [
  ['no header', {}, 'HEADER', /is not set/],
  ['an empty header', { HEADER: '' }, 'HEADER', /is not set/],
  ['a header with a colon', { HEADER: 'X-Sig:' }, 'HEADER', /must be the name of a header/],
  ['a header of the prototype', { HEADER: '__proto__' }, 'HEADER', /must be the name/],
  ['a header of 65 letters', { HEADER: 'x'.repeat(65) }, 'HEADER', /must be the name/],
  [
    'a prefix that begins with a space',
    { ...HEADER, PREFIX: ' a' },
    'PREFIX',
    /not begin with a space/,
  ],
  ['a prefix that no header can have', { ...HEADER, PREFIX: 'a\n' }, 'PREFIX', /ASCII/],
  [
    'an encoding that there is not',
    { ...HEADER, ENCODING: 'HEX' },
    'ENCODING',
    /one of hex, base64/,
  ],
  ['a hash that there is not', { ...HEADER, HASH: 'md5' }, 'HASH', /one of sha1, sha256, sha512/],
  ['a hash of the prototype', { ...HEADER, HASH: 'constructor' }, 'HASH', /one of sha1/],
  ['nothing of the body signed', { ...HEADER, SIGNED: 'a' }, 'SIGNED', /has no \{body\}/],
  ['a part that there is not', { ...HEADER, SIGNED: '{url}{body}' }, 'SIGNED', /has \{url\}/],
  [
    'a signed time without its header',
    { ...HEADER, SIGNED: '{timestamp}{body}' },
    'TIMESTAMP_HEADER',
    /is not set/,
  ],
  [
    'a time that is not signed',
    { ...HEADER, TIMESTAMP_HEADER: 'X-Time' },
    'TIMESTAMP_HEADER',
    /SIGNED has no \{timestamp\}/,
  ],
  [
    'a signed id without its header',
    { ...HEADER, SIGNED: '{id}{body}' },
    'ID_HEADER',
    /is not set/,
  ],
  [
    'a tolerance of no time',
    { ...HEADER, TOLERANCE_SECONDS: '300' },
    'TOLERANCE_SECONDS',
    /without TIMESTAMP_HEADER/,
  ],
  [
    'two ids',
    { ...HEADER, ID_HEADER: 'X-Id', ID_POINTER: '/id' },
    'ID_POINTER',
    /together with ID_HEADER/,
  ],
  ['one header for two things', { ...TIMED, TIMESTAMP_HEADER: 'x-sig' }, 'HEADER', /must differ/],
  ['a pointer without a slash', { ...HEADER, ID_POINTER: 'id' }, 'ID_POINTER', /JSON pointer/],
  [
    'a pointer with a tilde alone',
    { ...HEADER, TIME_POINTER: '/a~2' },
    'TIME_POINTER',
    /JSON pointer/,
  ],
  ['a JSON path', { ...HEADER, TYPE_POINTER: '$.type' }, 'TYPE_POINTER', /JSON pointer/],
];

describe('the settings of hmac', () => {
  for (const [what, settings, setting, reason] of REFUSED)
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => sourceOf('hmac', SECRET, settings),
        (error) => {
          assert.ok(error instanceof UnusableSetting);
          assert.equal(error.setting, setting);
          assert.match(error.message, reason);
          return true;
        },
      );
    });

  it('take a setting that is empty for one that is not set', () => {
    const empty = { PREFIX: '', ENCODING: '', HASH: '', SIGNED: '', ID_POINTER: '' };
    const source = sourceOf('hmac', SECRET, { ...HEADER, ...empty, TIMESTAMP_HEADER: '' });
    const header = createHmac('sha256', SECRET).update('a').digest('hex');
    assert.ok(accepts(source.verify(postOf({ 'X-Sig': header }, 'a'), NOW_MS)));
  });
});

describe('a compressed body', () => {
  const source = sourceOf('hmac', SECRET, HEADER);
  const verdict = (signed: Uint8Array | string, body: Uint8Array, encoding: string) => {
    const header = createHmac('sha256', SECRET).update(signed).digest('hex');
    return source.verify(postOf({ 'X-Sig': header, 'Content-Encoding': encoding }, body), NOW_MS);
  };

  for (const [encoding, body] of [
    ['gzip', gzipSync('{"a":1}')],
    ['x-gzip', gzipSync('{"a":1}')],
    ['GZIP', gzipSync('{"a":1}')],
    ['deflate', deflateSync('{"a":1}')],
  ] as const)
    it(`of ${encoding} is accepted, signed before or after that`, () => {
      assert.deepEqual(verdict('{"a":1}', body, encoding), { signedWith: 'current' });
      assert.deepEqual(verdict(body, body, encoding), { signedWith: 'current' });
      assert.deepEqual(verdict('{"a":2}', body, encoding), { fault: 'mismatch', hint: null });
    });

  it('with more in it than is allowed is refused, unless it is signed as it came', () => {
    const zeros = Buffer.alloc(5_000_000);
    assert.equal(accepts(verdict(zeros, gzipSync(zeros), 'gzip')), false);
    assert.equal(accepts(verdict(gzipSync(zeros), gzipSync(zeros), 'gzip')), true);
  });

  for (const encoding of ['br', 'identity', 'gzip, gzip', 'constructor'])
    it(`of ${encoding} is not inflated`, () => {
      assert.equal(accepts(verdict('{"a":1}', gzipSync('{"a":1}'), encoding)), false);
    });

  it('is not inflated for a scheme that signs what it sends', () => {
    const github = sourceOf('github', SECRET);
    const header = `sha256=${createHmac('sha256', SECRET).update('{"a":1}').digest('hex')}`;
    const headers = { 'X-Hub-Signature-256': header, 'Content-Encoding': 'gzip' };
    assert.equal(accepts(github.verify(postOf(headers, gzipSync('{"a":1}')), NOW_MS)), false);
  });
});

describe('a signed time of hmac', () => {
  const source = sourceOf('hmac', SECRET, TIMED);
  const accepted = (time: number | string): boolean => {
    const header = createHmac('sha256', SECRET).update(`${time}.a`).digest('hex');
    return accepts(source.verify(postOf({ 'X-Sig': header, 'X-Time': String(time) }, 'a'), NOW_MS));
  };

  for (const [what, time, expected] of [
    ['in seconds', NOW, true],
    ['in milliseconds', NOW_MS, true],
    ['in milliseconds, of the oldest second', (NOW - 300) * 1000, true],
    ['in milliseconds, older than that', (NOW - 300) * 1000 - 1, false],
    ['in milliseconds, too far ahead', (NOW + 301) * 1000, false],
    ['in microseconds', `${NOW}000000`, false],
  ] as const)
    it(`${what} is ${expected ? 'accepted' : 'refused'}`, () => {
      assert.equal(accepted(time), expected);
    });
});

describe('the tolerance', () => {
  for (const [scheme, more] of [
    ['standard', {}],
    ['stripe', {}],
    ['slack', {}],
    ['hmac', TIMED],
  ] as const satisfies readonly (readonly [SchemeName, SourceSettings])[]) {
    for (const TOLERANCE_SECONDS of ['0', '-1', '1.5', '1e3', ' 5', '86401', '٣', '9999999999'])
      it(`of ${scheme} cannot be ${JSON.stringify(TOLERANCE_SECONDS)}`, () => {
        assert.throws(() => sourceOf(scheme, SECRET, { ...more, TOLERANCE_SECONDS }), {
          setting: 'TOLERANCE_SECONDS',
        });
      });

    it(`of ${scheme} is what it is set to`, () => {
      const source = sourceOf(scheme, SECRET, { ...more, TOLERANCE_SECONDS: '86400' });
      const { headers } = source.sign(Buffer.from('{}'), { nowMs: NOW_MS, id: 'i' });
      const at = (seconds: number): boolean =>
        accepts(source.verify(postOf(headers, '{}'), NOW_MS + seconds * 1000));
      assert.deepEqual([at(86_400), at(86_401)], [true, false]);
    });
  }
});
