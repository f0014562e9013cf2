// Refused posts, each with its fault and what the log is told of the mistake behind it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { SchemeName, SignatureFault } from '../../app/model/source.ts';
import { NOW } from './signed.ts';

export const BODY = '{"a":1}';
export const KEY = 'secret-words';
type Hash = 'sha1' | 'sha256' | 'sha512';
export const hex = (hash: Hash = 'sha256', signed = BODY): string =>
  createHmac(hash, KEY).update(signed).digest('hex');
export const base64 = (hash: Hash = 'sha256', signed = BODY): string =>
  createHmac(hash, KEY).update(signed).digest('base64');

/** Returns base64 of the same bytes, which another program would read as equal: of its last digit before the padding, two bits are not used. */
function otherBits(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = digits[digits.indexOf(text.at(-2) ?? '') + 1] ?? '';
  const other = `${text.slice(0, -2)}${last}=`;
  assert.deepEqual(Buffer.from(other, 'base64'), Buffer.from(text, 'base64'));
  return other;
}

export interface Row {
  readonly scheme: SchemeName;
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fault: SignatureFault;
  readonly hint: RegExp | null;
  readonly secret?: string;
}

export const row = (
  scheme: SchemeName,
  what: string,
  headers: Readonly<Record<string, string>>,
  fault: SignatureFault,
  hint: RegExp | null,
): Row => ({ scheme, what, headers, fault, hint });

const github = (what: string, value: string, fault: SignatureFault, hint: RegExp | null): Row =>
  row('github', what, { 'X-Hub-Signature-256': value }, fault, hint);
const shopify = (what: string, value: string, fault: SignatureFault, hint: RegExp | null): Row =>
  row('shopify', what, { 'X-Shopify-Hmac-Sha256': value }, fault, hint);
export const UNTIMED_ROWS: readonly Row[] = [
  row(
    'github',
    'no header',
    {},
    'missing',
    /^there is no header X-Hub-Signature-256: is a secret set at the sender\?$/,
  ),
  github(
    'an empty header',
    '',
    'missing',
    /^there is no header X-Hub-Signature-256: is a secret set at the sender\?$/,
  ),
  row(
    'github',
    'the header of Stripe',
    { 'Stripe-Signature': 't=1' },
    'missing',
    /but stripe-signature, as Stripe has it$/,
  ),
  row(
    'stripe',
    'the header of Slack',
    { 'X-Slack-Signature': 'v0=1' },
    'missing',
    /but x-slack-signature, as Slack has it$/,
  ),
  row(
    'shopify',
    'the header of GitHub',
    { 'X-Hub-Signature-256': '1' },
    'missing',
    /as GitHub and Meta has it$/,
  ),
  row(
    'oncebox',
    'the header of Svix',
    { 'Svix-Signature': '1' },
    'missing',
    /as Standard Webhooks has it$/,
  ),
  github('no prefix', hex(), 'malformed', /without "sha256=" before it/),
  github(
    'the prefix of SHA-1',
    `sha1=${hex()}`,
    'malformed',
    /has "sha1=" before it, where "sha256=" is expected/,
  ),
  github(
    'SHA-1',
    `sha1=${hex('sha1')}`,
    'malformed',
    /as long as one of sha1, where sha256 is expected/,
  ),
  github('SHA-512', `sha256=${hex('sha512')}`, 'malformed', /as long as one of sha512/),
  github('base64', `sha256=${base64()}`, 'malformed', /is base64, where hexadecimal is expected/),
  github(
    'base64 without a prefix',
    base64(),
    'malformed',
    /is base64, where hexadecimal is expected/,
  ),
  github('upper case', `sha256=${hex().toUpperCase()}`, 'malformed', /in upper case/),
  github('two headers', `sha256=${hex()}, sha256=${hex()}`, 'malformed', /the header is repeated/),
  github(
    'a header of Stripe in this one',
    `t=${NOW},v1=${hex()}`,
    'malformed',
    /has "t=…,v1=" before it/,
  ),
  github(
    'a secret',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'malformed',
    /holds a secret, not a signature/,
  ),
  github('anything', 'Bearer abc', 'malformed', null),
  github('one digit less', `sha256=${hex().slice(1)}`, 'malformed', null),
  github('the signature of other bytes', `sha256=${hex('sha256', '{}')}`, 'mismatch', null),
  row(
    'oncebox',
    'a prefix',
    { 'X-Signature': `sha256=${hex()}` },
    'malformed',
    /has "sha256=" before it, where nothing is expected/,
  ),
  row(
    'oncebox',
    'base64',
    { 'X-Signature': base64() },
    'malformed',
    /is base64, where hexadecimal/,
  ),
  shopify('hexadecimal', hex(), 'malformed', /is hexadecimal, where base64 is expected/),
  shopify(
    'hexadecimal in upper case',
    hex().toUpperCase(),
    'malformed',
    /is hexadecimal, where base64/,
  ),
  shopify('no padding', base64().replace('=', ''), 'malformed', /without padding/),
  shopify('SHA-512', base64('sha512'), 'malformed', /as long as one of sha512/),
  shopify('a prefix', `sha256=${base64()}`, 'malformed', /has "sha256=" before it, where nothing/),
  shopify(
    'the last digit with other bits that do not count',
    otherBits(base64()),
    'mismatch',
    null,
  ),
];
