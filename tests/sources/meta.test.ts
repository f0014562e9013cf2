// Meta: what verifies, held against a package that signs as Meta does; the handshake; the settings.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sign, verify } from '@octokit/webhooks-methods';
import * as fc from 'fast-check';
import { type Post, UnusableSetting } from '../../app/sources/scheme.ts';
import { META } from '../../app/sources/schemes/meta.ts';
import { SECRET, receiverOf } from './decoded.ts';

const TOKEN = 'Tök/en+1 ';
const PREVIOUS = 'the one before';
const META_SOURCE = receiverOf(META, { VERIFY_TOKEN: TOKEN }, PREVIOUS);

function postOf(body: Buffer | string, signature: string | undefined): Post {
  return { body: Buffer.from(body), query: '', headers: { 'x-hub-signature-256': signature } };
}

function verdict(body: Buffer | string, signature: string | undefined): string {
  const found = META_SOURCE.verify(postOf(body, signature), 0);
  return 'fault' in found ? found.fault : found.signedWith;
}

function signed(body: Buffer): string {
  const { headers, query } = META_SOURCE.sign(body, { nowMs: 0, id: '' });
  assert.deepEqual([headers['Content-Type'], query], ['application/json', '']);
  return headers['X-Hub-Signature-256'] ?? '';
}

/** What Meta sends, and what it never does: escapes, every character. The package takes no bytes that are not text. */
const bodies = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
  fc.constantFrom('{}', '{"a":"\\u00e9\\/"}', '\ufeff{}', 'é', '\r\n'),
);

describe('a signature', () => {
  it('of the package is accepted, with the current secret and the previous one', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom(SECRET, PREVIOUS), async (body, secret) => {
        const expected = secret === SECRET ? 'current' : 'previous';
        assert.equal(verdict(body, await sign(secret, body)), expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of ours is accepted by the package', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        assert.ok(await verify(SECRET, body, signed(Buffer.from(body))));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is accepted for bytes that are no text', () => {
    const every = Buffer.from(Array.from({ length: 4_096 }, (_, index) => index % 256));
    assert.equal(verdict(every, signed(every)), 'current');
  });

  it('is refused where one bit of the body or one digit of the signature is another', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(), (body, place, digit) => {
        const bytes = Buffer.from(body);
        const signature = signed(bytes);
        const other = Buffer.from(bytes);
        const at = place % (bytes.length * 8);
        other[at >> 3] = (other[at >> 3] ?? 0) ^ (1 << (at & 7));
        assert.equal(verdict(other, signature), 'mismatch');
        const index = 'sha256='.length + (digit % 64);
        const changed = signature[index] === 'a' ? 'b' : 'a';
        const mutated = signature.slice(0, index) + changed + signature.slice(index + 1);
        assert.equal(verdict(bytes, mutated), 'mismatch');
      }),
      { numRuns: 2_000 },
    );
  });

  const signature = signed(Buffer.from('{}'));
  for (const [what, header, fault] of [
    ['is absent', undefined, 'missing'],
    ['is empty', '', 'missing'],
    ['has no prefix', signature.slice(7), 'malformed'],
    ['has the prefix of SHA-1', signature.replace('sha256=', 'sha1='), 'malformed'],
    ['is in upper case', `sha256=${signature.slice(7).toUpperCase()}`, 'malformed'],
    ['is too short', signature.slice(0, -1), 'malformed'],
    ['is too long', `${signature}0`, 'malformed'],
    ['is there twice', `${signature}, ${signature}`, 'malformed'],
    ['has space before it', ` ${signature}`, 'malformed'],
    [
      'is base64',
      `sha256=${Buffer.from(signature.slice(7), 'hex').toString('base64')}`,
      'malformed',
    ],
    ['is of another secret', `sha256=${'0'.repeat(64)}`, 'mismatch'],
  ] as const)
    it(`that ${what} is ${fault}`, () => {
      assert.equal(verdict('{}', header), fault);
    });
});

describe('the handshake', () => {
  const token = encodeURIComponent(TOKEN);
  const right = `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
  const ask = (query: string): string => {
    const answer = META_SOURCE.handshake?.(query);
    assert.ok(answer !== undefined);
    if (answer.status === 403) assert.equal(answer.body, '');
    return answer.status === 403 ? '403' : answer.body;
  };

  for (const [what, query, answer] of [
    ['the right token: the challenge alone', right, '1158201444'],
    ['a plus for the space', right.replaceAll('%20', '+'), '1158201444'],
    [
      'another order, and more parameters',
      `x=1&hub.verify_token=${token}&hub.challenge=a&hub.mode=subscribe&y`,
      'a',
    ],
    ['escaped names', right.replaceAll('.', '%2E'), '1158201444'],
    [
      'a challenge of other characters',
      right.replace('1158201444', '%C3%A9%3D%2B%3Cb%3E=+x'),
      'é=+<b>= x',
    ],
    [
      'a challenge of 256 characters',
      right.replace('1158201444', 'c'.repeat(256)),
      'c'.repeat(256),
    ],
    ['a challenge of 257 characters', right.replace('1158201444', 'c'.repeat(257)), '403'],
    ['a line feed in the challenge', right.replace('1158201444', '1%0A2'), '403'],
    ['a control character in the challenge', right.replace('1158201444', '%C2%9B'), '403'],
    ['an empty challenge', right.replace('1158201444', ''), '403'],
    ['no challenge', `hub.mode=subscribe&hub.verify_token=${token}`, '403'],
    ['another token', right.replace(token, 'token'), '403'],
    ['the token with more behind it', `${right}x`, '403'],
    ['the token in another case', right.replace('T%C3%B6k', 't%C3%B6k'), '403'],
    ['an empty token', right.replace(token, ''), '403'],
    ['no token', 'hub.mode=subscribe&hub.challenge=1', '403'],
    ['another mode', right.replace('subscribe', 'unsubscribe'), '403'],
    ['no mode', right.replace('hub.mode=subscribe&', ''), '403'],
    ['the token twice', `${right}&hub.verify_token=${token}`, '403'],
    ['the challenge twice', `${right}&hub.challenge=2`, '403'],
    ['the mode twice, once escaped', `${right}&hub%2Emode=subscribe`, '403'],
    ['names with brackets, as some readers take them', right.replaceAll('hub.', 'hub['), '403'],
    ['an escape that is none', `${right}&x=%zz`, '403'],
    ['an escape that is cut', `${right}&x=%4`, '403'],
    ['an escape that is not UTF-8', `${right}&x=%ff`, '403'],
    ['nothing', '', '403'],
  ] as const)
    it(what, () => {
      assert.equal(ask(query), answer);
    });

  it('takes any query', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'%&=+.hub[]token4fz\0é'), maxLength: 40 }),
        (query) => {
          assert.equal(ask(query), '403');
        },
      ),
    );
  });
});

describe('a setting', () => {
  const unusable = (setting: string, reason: RegExp) => (error: unknown) =>
    error instanceof UnusableSetting && error.setting === setting && reason.test(error.message);

  for (const [what, secret, reason] of [
    ['blank', '  ', /blank/],
    ['an access token', `EAA${'Gm0'.repeat(30)}`, /an access token/],
    ['the number of the app', '1234567890123456', /the number of an app/],
  ] as const)
    it(`as the secret that is ${what} is refused`, () => {
      assert.throws(() => META.key(Buffer.from(secret)), unusable('SECRET', reason));
    });

  it('as the secret is the key as it stands', () => {
    const secret = Buffer.from('0123456789abcdef0123456789abcdef');
    assert.deepEqual(META.key(secret), secret);
  });

  for (const settings of [{}, { VERIFY_TOKEN: '' }, { VERIFY_TOKEN: ' \n' }])
    it(`without token is refused: ${JSON.stringify(settings)}`, () => {
      assert.throws(() => receiverOf(META, settings), unusable('VERIFY_TOKEN', /blank/));
    });
});
