// Stripe's own package and the scheme `stripe` accept the same posts.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { Stripe } from 'stripe';
import { NOW, NOW_MS, accepts, postOf, signedPost, sourceOf, texts } from './signed.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HEADER = 'stripe-signature';
const source = sourceOf('stripe', SECRET);

const acceptsHeader = (header: string, body: string): boolean =>
  accepts(source.verify(postOf({ [HEADER]: header }, body), NOW_MS));

/** What the package says, at the same time of arrival. */
function packageAccepts(header: string, body: string): boolean {
  assert.ok(Stripe.webhooks.signature);
  try {
    return Stripe.webhooks.signature.verifyHeader(body, header, SECRET, 300, undefined, NOW_MS);
  } catch (error) {
    assert.ok(error instanceof Stripe.errors.StripeSignatureVerificationError, String(error));
    return false;
  }
}

const signature = (body: string, time: number | string, secret = SECRET): string =>
  createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');

describe('the package of Stripe and the scheme stripe', () => {
  it('sign alike: what the package signs is accepted, and the other way round', () => {
    fc.assert(
      fc.property(texts, (payload) => {
        const header = Stripe.webhooks.generateTestHeaderString({
          payload,
          secret: SECRET,
          timestamp: NOW,
          scheme: 'v1',
        });
        assert.ok(acceptsHeader(header, payload));
        assert.ok(packageAccepts(String(signedPost(source, payload).headers[HEADER]), payload));
      }),
      { numRuns: 3_000 },
    );
  });

  it('accept and refuse the same lists of times and signatures', () => {
    let accepted = 0;
    fc.assert(
      fc.property(texts, headers, (body, write) => {
        const header = write(body);
        const expected = packageAccepts(header, body);
        assert.equal(acceptsHeader(header, body), expected, header);
        accepted += expected ? 1 : 0;
      }),
      { numRuns: 5_000 },
    );
    assert.ok(accepted > 500 && accepted < 4_500, `${accepted} were accepted`);
  });

  for (const [what, seconds, expected] of [
    ['of exactly the tolerance', 300, true],
    ['older by a second', 301, false],
    ['to come, however far: Stripe bounds the past only', -1_000_000, true],
  ] as const)
    it(`agree on a time ${what}`, () => {
      const header = `t=${NOW - seconds},v1=${signature('{}', NOW - seconds)}`;
      assert.equal(packageAccepts(header, '{}'), expected);
      assert.equal(acceptsHeader(header, '{}'), expected);
    });

  it('use the whole text of a secret as the key', () => {
    const [, base64 = ''] = SECRET.split('_');
    const decoded = createHmac('sha256', Buffer.from(base64, 'base64')).update(`${NOW}.{}`);
    const header = `t=${NOW},v1=${decoded.digest('hex')}`;
    assert.equal(packageAccepts(header, '{}'), false);
    assert.equal(acceptsHeader(header, '{}'), false);
  });

  // The package reads a number as far as it goes, and signs that; a time is digits and nothing else.
  for (const time of [`${NOW}.5`, `0${NOW}`, `+${NOW}`, ` ${NOW}`, `${NOW}x`])
    it(`differ on the time ${JSON.stringify(time)}, which only the package accepts`, () => {
      const header = `t=${time},v1=${signature('{}', NOW)}`;
      assert.equal(packageAccepts(header, '{}'), true);
      assert.equal(acceptsHeader(header, '{}'), false);
    });

  it('differ on a signature with more behind it, which only the package accepts', () => {
    const header = `t=${NOW},v1=${signature('{}', NOW)}=more`;
    assert.equal(packageAccepts(header, '{}'), true);
    assert.equal(acceptsHeader(header, '{}'), false);
  });
});

/** Lists of elements, of which some are right. */
const headers: fc.Arbitrary<(body: string) => string> = fc
  .record({
    time: fc.oneof(
      { weight: 3, arbitrary: fc.constant(NOW) },
      fc.integer({ min: NOW - 303, max: NOW - 297 }),
      fc.integer({ min: NOW, max: NOW + 10_000 }),
    ),
    elements: fc.array(
      fc.constantFrom<(body: string, time: number) => string>(
        (body, time) => `v1=${signature(body, time)}`,
        (body, time) => `v1=${signature(body, time)}`,
        (body, time) => `v1=${signature(body, time + 1)}`,
        (body, time) => `v1=${signature(`${body} `, time)}`,
        (body, time) => `v1=${signature(body, time, 'whsec_other')}`,
        (body, time) => `v1=${signature(body, time).toUpperCase()}`,
        (body, time) => `v1=${signature(body, time).slice(1)}`,
        (body, time) => `v0=${signature(body, time)}`,
        (body, time) => `V1=${signature(body, time)}`,
        (body, time) => ` v1=${signature(body, time)}`,
        (body, time) => `v11=${signature(body, time)}`,
        (body, time) => signature(body, time),
        () => 'v1=a',
        () => 'v2=a',
        () => '',
      ),
      { minLength: 1, maxLength: 4 },
    ),
    /** Where the time stands among them. */
    at: fc.nat(4),
    named: fc.constantFrom('t', 't', 't', 't', 't', 'T', ' t', ''),
    again: fc.constantFrom('', '', '', '', `,t=${NOW - 301}`, `,t=${NOW}`),
  })
  .map(({ time, elements, at, named, again }) => (body) => {
    const all = elements.map((element) => element(body, time));
    all.splice(at, 0, named === '' ? '' : `${named}=${time}`);
    return `${all.join(',')}${again}`;
  });
