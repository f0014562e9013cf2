// Twilio: which URLs a signature may be of, as a table; what a refusal hints at; and which PUBLIC_URL is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { UnusableSetting } from '../../app/sources/scheme.ts';
import { TWILIO } from '../../app/sources/schemes/twilio.ts';
import { SECRET, receiverOf } from './decoded.ts';
import { PUBLIC_URL, fieldsOf, twilioVerdict } from './twilio-posts.ts';

const BODY = 'MessageSid=SM1&Body=Hi';
const signatureOf = (url: string): string =>
  getExpectedTwilioSignature(SECRET, url, fieldsOf(BODY));

describe('the signed URL', () => {
  const HOST = 'https://h.example';
  for (const [what, publicUrl, query, signed, verdict] of [
    ['as it is configured', `${HOST}/p`, '', `${HOST}/p`, 'current'],
    ['with the port of https', `${HOST}/p`, '', `${HOST}:443/p`, 'current'],
    ['with the port of http', 'http://h.example/p', '', 'http://h.example:80/p', 'current'],
    ['with the port of the other protocol', `${HOST}/p`, '', `${HOST}:80/p`, 'mismatch'],
    ['with the port that is configured', `${HOST}:8443/p`, '', `${HOST}:8443/p`, 'current'],
    ['without the port that is configured', `${HOST}:8443/p`, '', `${HOST}/p`, 'current'],
    ['without the usual port that is configured', `${HOST}:443/p`, '', `${HOST}/p`, 'current'],
    ['with a port that is not configured', `${HOST}/p`, '', `${HOST}:8443/p`, 'mismatch'],
    ['of an IPv6 address', 'https://[::1]/p', '', 'https://[::1]:443/p', 'current'],
    [
      'of a host in capitals, as configured',
      'https://H.example/p',
      '',
      'https://H.example/p',
      'current',
    ],
    [
      'of a host in capitals, in lower case',
      'https://H.example/p',
      '',
      'https://h.example/p',
      'current',
    ],
    ['of a host only', HOST, '', `${HOST}/`, 'current'],
    [
      'with a prefix that a proxy takes off',
      `${HOST}/inbox/webhook/sms`,
      '',
      `${HOST}/inbox/webhook/sms`,
      'current',
    ],
    ['of another path', `${HOST}/p`, '', `${HOST}/q`, 'mismatch'],
    ['of another host', `${HOST}/p`, '', 'https://i.example/p', 'mismatch'],
    ['with the query of the request', `${HOST}/p`, 'a=1&b=2', `${HOST}/p?a=1&b=2`, 'current'],
    ['with the query in another order', `${HOST}/p`, 'b=2&a=1', `${HOST}/p?a=1&b=2`, 'mismatch'],
    ['without the query of the request', `${HOST}/p`, 'a=1', `${HOST}/p`, 'mismatch'],
    ['with a query that did not arrive', `${HOST}/p`, '', `${HOST}/p?a=1`, 'mismatch'],
    [
      'with a query that is configured too',
      `${HOST}/p?tenant=1`,
      'tenant=1',
      `${HOST}/p?tenant=1`,
      'current',
    ],
    [
      'with another query than the configured one',
      `${HOST}/p?tenant=1`,
      'tenant=2',
      `${HOST}/p?tenant=2`,
      'current',
    ],
    ['with an apostrophe as it came', `${HOST}/p`, "q=it's", `${HOST}/p?q=it's`, 'current'],
    [
      'with an apostrophe that came plain, escaped',
      `${HOST}/p`,
      "q=it's",
      `${HOST}/p?q=it%27s`,
      'current',
    ],
    ['with escapes as they came', `${HOST}/p`, 'q=%7e%2f+x', `${HOST}/p?q=%7e%2f+x`, 'current'],
    [
      'with escapes written otherwise',
      `${HOST}/p`,
      'q=%7e%2f+x',
      `${HOST}/p?q=~%2F%20x`,
      'current',
    ],
    [
      'with connection overrides, which are not signed',
      `${HOST}/p`,
      '',
      `${HOST}/p#rc=3&rp=all`,
      'mismatch',
    ],
    [
      'with connection overrides in the query, which are',
      `${HOST}/p`,
      'rc=3&rp=all',
      `${HOST}/p?rc=3&rp=all`,
      'current',
    ],
  ] as const)
    it(`${what}: ${verdict}`, () => {
      const source = receiverOf(TWILIO, { PUBLIC_URL: publicUrl });
      assert.equal(twilioVerdict(source, BODY, signatureOf(signed), query), verdict);
    });
});

describe('a refusal hints at', () => {
  const source = receiverOf(TWILIO, { PUBLIC_URL });
  const hintOf = (headers: Record<string, string>, body = BODY, query = ''): string | null => {
    const verdict = source.verify({ body: Buffer.from(body), query, headers }, 0);
    assert.ok('fault' in verdict);
    return verdict.hint;
  };
  const hintFor = (url: string, host = 'inbox.internal:8000'): string | null =>
    hintOf({ 'x-twilio-signature': signatureOf(url), host });

  it('a slash at the end of the URL', () => {
    assert.match(hintFor(`${PUBLIC_URL}/`) ?? '', /with a slash at its end: PUBLIC_URL is to be/);
    const slashed = receiverOf(TWILIO, { PUBLIC_URL: `${PUBLIC_URL}/` });
    const headers = { 'x-twilio-signature': signatureOf(PUBLIC_URL) };
    const verdict = slashed.verify({ body: Buffer.from(BODY), query: '', headers }, 0);
    assert.match(JSON.stringify(verdict), /without a slash at its end/);
  });

  it('http in the place of https', () => {
    assert.match(hintFor(PUBLIC_URL.replace('https', 'http')) ?? '', /with http:/);
  });

  it('the host of the request', () => {
    const url = 'https://inbox.internal:8000/webhook/sms';
    assert.match(hintFor(url) ?? '', /with the host of the request/);
  });

  for (const host of ['1.2.3.256', '1.2.3.4.5', '999999999999', 'a:99999', 'xn--a', '.', ':1', ''])
    it(`nothing, where the host cannot be one of a URL: ${host}`, () => {
      assert.equal(hintFor('https://other.example/webhook/sms', host), null);
    });

  it('nothing, where none of these is signed, or the host is no host', () => {
    assert.equal(hintFor('https://other.example/webhook/sms'), null);
    assert.equal(hintFor('https://x/webhook/sms', 'x/webhook/sms?'), null);
  });

  it('nothing, where the body is large', () => {
    const body = `Body=${'x'.repeat(70_000)}`;
    const signature = getExpectedTwilioSignature(SECRET, `${PUBLIC_URL}/`, fieldsOf(body));
    assert.equal(hintOf({ 'x-twilio-signature': signature }, body), null);
  });

  it('a header of another provider', () => {
    assert.match(hintOf({ 'x-hub-signature-256': 'sha256=00' }) ?? '', /X-Twilio-Signature, but/);
  });

  it('the form of the signature', () => {
    const hex = Buffer.from(signatureOf(PUBLIC_URL), 'base64').toString('hex');
    assert.match(hintOf({ 'x-twilio-signature': hex }) ?? '', /hexadecimal, where base64/);
  });

  it('the hash of the body', () => {
    const headers = { 'x-twilio-signature': signatureOf(PUBLIC_URL) };
    assert.match(hintOf(headers, '{}', 'bodySHA256=00') ?? '', /is not that of bodySHA256/);
    assert.match(hintOf(headers, '{}') ?? '', /the URL has no bodySHA256/);
  });
});

describe('what is signed for PUBLIC_URL', () => {
  for (const publicUrl of [PUBLIC_URL, `${PUBLIC_URL}?a=1&b=it's`, 'http://h.example:8080'])
    for (const body of [BODY, '{"id":"EZ1"}'])
      it(`${publicUrl} ${body} is accepted with the query that is to be sent`, () => {
        const source = receiverOf(TWILIO, { PUBLIC_URL: publicUrl });
        const { headers, query } = source.sign(Buffer.from(body), { nowMs: 0, id: '' });
        const signature = headers['X-Twilio-Signature'];
        assert.equal(twilioVerdict(source, body, signature, query), 'current');
      });
});

describe('a setting is refused', () => {
  const unusable = (setting: string, reason: RegExp) => (error: unknown) =>
    error instanceof UnusableSetting && error.setting === setting && reason.test(error.message);

  for (const [publicUrl, reason] of [
    [undefined, /is not a URL/],
    ['', /is not a URL/],
    ['inbox.example.com/webhook/sms', /is not a URL/],
    ['/webhook/sms', /is not a URL/],
    ['ftp://h.example/p', /is not a URL of https or http/],
    ['https://', /is not a URL/],
    ['https:/h.example/p', /is not a URL/],
    ['https://h.example:99999/p', /is not a URL/],
    ['https://ana:pass@h.example/p', /has a user or password/],
    ['https://ana@h.example/p', /has a user or password/],
    ['https://h.example/p#rc=3', /has a fragment, which Twilio does not sign/],
    ['https://h.example/p#', /has a fragment/],
    ['https://h.example/a b', /has space in it/],
    ['https://h.example/p\n', /has space in it/],
  ] as const)
    it(`PUBLIC_URL ${JSON.stringify(publicUrl)}`, () => {
      const settings = { PUBLIC_URL: publicUrl };
      assert.throws(() => receiverOf(TWILIO, settings), unusable('PUBLIC_URL', reason));
    });

  for (const [secret, reason] of [
    ['AC0123456789abcdef0123456789ABCDEF', /the SID of an account, not its auth token/],
    ['SK0123456789abcdef0123456789abcdef', /the SID of an API key/],
    [' ', /blank/],
  ] as const)
    it(`SECRET ${secret}`, () => {
      assert.throws(() => TWILIO.key(Buffer.from(secret)), unusable('SECRET', reason));
    });
});
