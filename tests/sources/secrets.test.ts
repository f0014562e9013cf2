// Secrets in the notation of each provider: which bytes they are as keys, and what is pasted in their place by mistake.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SCHEMES, type SchemeName } from '../../app/model/source.ts';
import { schemeOf } from '../../app/sources/registry.ts';
import { UnusableSetting } from '../../app/sources/scheme.ts';

const BASE64 = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BYTES = Buffer.from(BASE64, 'base64');
const keyOf = (scheme: SchemeName, secret: string): Buffer =>
  schemeOf(scheme).key(Buffer.from(secret));
const literal = (secret: string): Buffer => Buffer.from(secret);

const KEYS: readonly (readonly [scheme: SchemeName, secret: string, key: Buffer])[] = [
  ['standard', `whsec_${BASE64}`, BYTES],
  ['standard', BASE64, BYTES],
  ['standard', `${BASE64}ag==`, Buffer.concat([BYTES, literal('j')])],
  ['standard', `${BASE64}ag`, Buffer.concat([BYTES, literal('j')])],
  ['standard', Buffer.alloc(64, 7).toString('base64'), Buffer.alloc(64, 7)],
  // The same prefix is a part of the key here.
  ['stripe', `whsec_${BASE64}`, literal(`whsec_${BASE64}`)],
  ['stripe', 'any-text', literal('any-text')],
  ['slack', '8f742231b10e8888abcd99yyyzzz85a5', literal('8f742231b10e8888abcd99yyyzzz85a5')],
  ['github', "It's a Secret to Everybody", literal("It's a Secret to Everybody")],
  ['github', ' é ', literal(' é ')],
  ['shopify', 'shpss_0123456789abcdef', literal('shpss_0123456789abcdef')],
  ['oncebox', `whsec_${BASE64}`, literal(`whsec_${BASE64}`)],
  ['hmac', `v1,whsec_${BASE64}`, literal(`v1,whsec_${BASE64}`)],
];

const REFUSED: readonly (readonly [scheme: SchemeName, secret: string, reason: RegExp])[] = [
  ['standard', `v1,whsec_${BASE64}`, /"v1," before it: leave that out/],
  ['standard', `whsk_${BASE64}`, /private key for asymmetric signatures/],
  ['standard', `whpk_${BASE64}`, /public key for asymmetric signatures/],
  ['standard', 'whsec_?!?!?!?!', /is not base64/],
  ['standard', `whsec_${BASE64.replace('f', '-')}`, /is not base64/],
  ['standard', `whsec_${BASE64}a`, /is not base64/],
  ['standard', `whsec_${BASE64}aa=`, /is not base64/],
  ['standard', ` whsec_${BASE64}`, /is not base64/],
  ['standard', 'my secret words', /is not base64/],
  ['standard', BASE64.slice(4), /holds 21 bytes in base64, where 24 to 64 are expected/],
  ['standard', Buffer.alloc(65).toString('base64'), /holds 65 bytes in base64/],
  [
    'stripe',
    'sk_test_0123',
    /is an API key; the signing secret of the endpoint begins with whsec_/,
  ],
  ['stripe', 'pk_live_0123', /is an API key/],
  ['stripe', 'rk_live_0123', /is an API key/],
  ['stripe', 'we_0123', /is the id of the endpoint/],
  ['stripe', `v1,whsec_${BASE64}`, /notation of Standard Webhooks/],
  ['stripe', `whsec_${BASE64} `, /white space/],
  ['slack', 'xoxb-0123', /is a token of a bot or user, not the signing secret/],
  ['slack', 'xapp-1-0123', /is a token of an app/],
  ['slack', 'https://hooks.slack.com/services/T0/B0/0', /is a URL/],
  ['github', 'ghp_0123', /is an access token/],
  ['github', 'github_pat_0123', /is an access token/],
  ['github', '-----BEGIN RSA PRIVATE KEY-----\nAB', /is the private key of an app/],
  ['github', 'sha256=0123', /is a signature/],
  ['shopify', 'shpat_0123', /is an access token, not the client secret/],
];

describe('a secret', () => {
  for (const [scheme, secret, key] of KEYS)
    it(`of ${scheme} such as ${JSON.stringify(secret.slice(0, 24))} is the key as the provider reads it`, () => {
      assert.deepEqual(keyOf(scheme, secret), key);
    });

  for (const [scheme, secret, reason] of REFUSED)
    it(`of ${scheme} is not ${JSON.stringify(secret.slice(0, 24))}`, () => {
      assert.throws(
        () => keyOf(scheme, secret),
        (error) => {
          assert.ok(error instanceof UnusableSetting);
          assert.equal(error.setting, 'SECRET');
          assert.match(error.message, reason);
          assert.ok(!error.message.includes(secret.slice(-8)), 'the reason repeats the secret');
          return true;
        },
      );
    });

  for (const scheme of SCHEMES)
    for (const blank of ['', ' ', '\n\t'])
      it(`of ${scheme} is not ${JSON.stringify(blank)}`, () => {
        assert.throws(() => keyOf(scheme, blank), UnusableSetting);
      });
});

describe('the registry', () => {
  for (const name of SCHEMES)
    it(`has ${name} under its own name`, () => {
      assert.equal(schemeOf(name).name, name);
    });

  it('has a file for each scheme, and none under two names', () => {
    assert.equal(new Set(SCHEMES.map(schemeOf)).size, SCHEMES.length);
  });
});
