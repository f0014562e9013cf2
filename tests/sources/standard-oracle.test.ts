// The package of Standard Webhooks and the scheme `standard` accept the same posts.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it, mock } from 'node:test';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { ID, NOW, NOW_MS, accepts, postOf, signedPost, sourceOf, texts } from './signed.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const KEY = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
const source = sourceOf('standard', SECRET);
const oracle = new Webhook(SECRET);

interface Headers extends Record<string, string> {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const acceptsHeaders = (headers: Headers, body: string): boolean =>
  accepts(source.verify(postOf(headers, body), NOW_MS));

function packageAccepts(headers: Headers, body: string): boolean {
  try {
    oracle.verify(body, headers, { jsonParse: false });
    return true;
  } catch (error) {
    assert.ok(error instanceof WebhookVerificationError, String(error));
    return false;
  }
}

const headersOf = (signature: string, timestamp: string = String(NOW), id = ID): Headers => ({
  'webhook-id': id,
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
});

const digest = (id: string, time: number | string, body: string, key: Uint8Array = KEY): string =>
  createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');

describe('the package of Standard Webhooks and the scheme standard', () => {
  // The package asks the clock.
  before(() => mock.timers.enable({ apis: ['Date'], now: NOW_MS }));
  after(() => mock.timers.reset());

  it('agree on the example of the specification', () => {
    const body = '{"test": 2432232314}';
    const signed = oracle.sign('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(1_614_265_330_000), body);
    assert.equal(signed, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    const headers = headersOf(signed, '1614265330', 'msg_p5jXN8AQM9LWM0D4loKWxJek');
    assert.deepEqual(source.verify(postOf(headers, body), 1_614_265_330_000), {
      signedWith: 'current',
    });
  });

  it('sign alike: what the package signs is accepted, and the other way round', () => {
    fc.assert(
      fc.property(texts, (body) => {
        assert.ok(acceptsHeaders(headersOf(oracle.sign(ID, new Date(NOW_MS), body)), body));
        assert.ok(packageAccepts(signedPost(source, body).headers as Headers, body));
      }),
      { numRuns: 2_000 },
    );
  });

  it('accept and refuse the same ids, times and lists of signatures', () => {
    let accepted = 0;
    fc.assert(
      fc.property(texts, posts, (body, write) => {
        const headers = write(body);
        const expected = packageAccepts(headers, body);
        assert.equal(acceptsHeaders(headers, body), expected, JSON.stringify(headers));
        accepted += expected ? 1 : 0;
      }),
      { numRuns: 4_000 },
    );
    assert.ok(accepted > 200 && accepted < 3_800, `${accepted} were accepted`);
  });

  for (const [what, seconds, expected] of [
    ['300 s old', 300, true],
    ['301 s old', 301, false],
    ['300 s to come', -300, true],
    ['301 s to come', -301, false],
  ] as const)
    it(`agree on a time ${what}`, () => {
      const time = NOW - seconds;
      const headers = headersOf(`v1,${digest(ID, time, '{}')}`, String(time));
      assert.equal(packageAccepts(headers, '{}'), expected);
      assert.equal(acceptsHeaders(headers, '{}'), expected);
    });

  // The package reads a number as far as it goes, and signs that; a time is digits and nothing else.
  for (const time of [`${NOW}.5`, `0${NOW}`, `+${NOW}`, ` ${NOW}`, `${NOW}x`])
    it(`differ on the time ${JSON.stringify(time)}, which only the package accepts`, () => {
      const headers = headersOf(`v1,${digest(ID, NOW, '{}')}`, time);
      assert.equal(packageAccepts(headers, '{}'), true);
      assert.equal(acceptsHeaders(headers, '{}'), false);
    });

  it('differ on a signature with more behind it, which only the package accepts', () => {
    const headers = headersOf(`v1,${digest(ID, NOW, '{}')},more`);
    assert.equal(packageAccepts(headers, '{}'), true);
    assert.equal(acceptsHeaders(headers, '{}'), false);
  });
});

/** Headers of which some are right. */
const posts: fc.Arbitrary<(body: string) => Headers> = fc
  .record({
    id: fc.constantFrom(ID, ID, ID, 'a.b', '-', ''),
    signedId: fc.constantFrom(null, null, null, 'other', ''),
    time: fc.oneof(
      { weight: 3, arbitrary: fc.constant(NOW) },
      fc.integer({ min: NOW - 302, max: NOW - 298 }),
      fc.integer({ min: NOW + 298, max: NOW + 302 }),
    ),
    elements: fc.array(
      fc.constantFrom<(id: string, time: number, body: string) => string>(
        (id, time, body) => `v1,${digest(id, time, body)}`,
        (id, time, body) => `v1,${digest(id, time, body)}`,
        (id, time, body) => `v1,${digest(id, time + 1, body)}`,
        (id, time, body) => `v1,${digest(id, time, `${body} `)}`,
        (id, time, body) => `v1,${digest(id, time, body, Buffer.from('other'))}`,
        (id, time, body) => `v1,${digest(id, time, body).replace('=', '')}`,
        (id, time, body) => `v1,${digest(id, time, body).toLowerCase()}`,
        (id, time, body) => `v1,${Buffer.from(digest(id, time, body), 'base64').toString('hex')}`,
        (id, time, body) => `v1a,${digest(id, time, body)}`,
        (id, time, body) => `v2,${digest(id, time, body)}`,
        (id, time, body) => `V1,${digest(id, time, body)}`,
        (id, time, body) => `v1=${digest(id, time, body)}`,
        (id, time, body) => digest(id, time, body),
        () => 'v1',
        () => '',
      ),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(
    ({ id, signedId, time, elements }) =>
      (body) =>
        headersOf(
          elements.map((element) => element(signedId ?? id, time, body)).join(' '),
          String(time),
          id,
        ),
  );
