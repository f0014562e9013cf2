// Refused posts, each with its fault and what the log is told of the mistake behind it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { SchemeName, SignatureFault } from '../../app/model/source.ts';
import { ID, NOW, NOW_MS } from './signed.ts';

export const BODY = '{"a":1}';
export const KEY = 'secret-words';
const BASE64_KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
type Hash = 'sha1' | 'sha256' | 'sha512';
const hex = (hash: Hash = 'sha256', signed = BODY): string =>
  createHmac(hash, KEY).update(signed).digest('hex');
const base64 = (hash: Hash = 'sha256', signed = BODY): string =>
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

const row = (
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
const stripe = (what: string, value: string, fault: SignatureFault, hint: RegExp | null): Row =>
  row('stripe', what, { 'Stripe-Signature': value }, fault, hint);
const slack = (
  what: string,
  value: string,
  time: string,
  fault: SignatureFault,
  hint: RegExp | null,
): Row =>
  row(
    'slack',
    what,
    { 'X-Slack-Signature': value, 'X-Slack-Request-Timestamp': time },
    fault,
    hint,
  );
const standard = (
  what: string,
  headers: Readonly<Record<string, string>>,
  fault: SignatureFault,
  hint: RegExp | null,
): Row => ({ ...row('standard', what, headers, fault, hint), secret: BASE64_KEY });

const slackHex = (time: number | string): string => hex('sha256', `v0:${time}:${BODY}`);

export const ROWS: readonly Row[] = [
  row('github', 'no header', {}, 'missing', /^there is no header X-Hub-Signature-256$/),
  github('an empty header', '', 'missing', /^there is no header X-Hub-Signature-256$/),
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
  stripe('no time', `v1=${hex()}`, 'malformed', /no time beside the signature/),
  stripe('a time of letters', `t=now,v1=${hex()}`, 'malformed', /not a number of digits/),
  stripe(
    'a time of 16 digits',
    `t=1769990000000000,v1=${hex()}`,
    'malformed',
    /not a number of digits/,
  ),
  stripe(
    'a signature of version 0 alone',
    `t=${NOW},v0=${hex()}`,
    'malformed',
    /has "t=…,v0=" before it, where "v1=" is expected/,
  ),
  stripe('a signature alone', hex(), 'malformed', /without "v1=" before it/),
  stripe('the signature of the body alone', `t=${NOW},v1=${hex()}`, 'mismatch', null),
  stripe(
    'an old time',
    `t=${NOW - 900},v1=${hex('sha256', `${NOW - 900}.${BODY}`)}`,
    'timestamp',
    /900 s before the arrival, where 300 s are allowed/,
  ),
  row(
    'slack',
    'no time',
    { 'X-Slack-Signature': `v0=${slackHex(NOW)}` },
    'missing',
    /^there is no header X-Slack-Request-Timestamp$/,
  ),
  slack(
    'a prefix of version 1',
    `v1=${slackHex(NOW)}`,
    String(NOW),
    'malformed',
    /has "v1=" before it, where "v0=" is expected/,
  ),
  slack(
    'a time with a fraction',
    `v0=${slackHex('1769990000.5')}`,
    '1769990000.5',
    'malformed',
    /not a number of digits/,
  ),
  slack('a negative time', `v0=${slackHex('-1')}`, '-1', 'malformed', /not a number of digits/),
  slack(
    'two times',
    `v0=${slackHex(`${NOW}, ${NOW}`)}`,
    `${NOW}, ${NOW}`,
    'malformed',
    /not a number of digits/,
  ),
  slack(
    'a time that is too far ahead',
    `v0=${slackHex(NOW + 301)}`,
    String(NOW + 301),
    'timestamp',
    /301 s after the arrival/,
  ),
  slack(
    'a time in milliseconds',
    `v0=${slackHex(NOW_MS)}`,
    String(NOW_MS),
    'timestamp',
    /may be in milliseconds/,
  ),
  slack('a wrong signature with an old time', `v0=${slackHex(NOW)}`, '1', 'mismatch', null),
  standard(
    'no id',
    { 'webhook-timestamp': String(NOW), 'webhook-signature': `v1,${base64()}` },
    'missing',
    /no header webhook-id/,
  ),
  standard(
    'no time',
    { 'webhook-id': ID, 'webhook-signature': `v1,${base64()}` },
    'missing',
    /no header webhook-timestamp/,
  ),
  standard(
    'no signature',
    { 'svix-id': ID, 'svix-timestamp': String(NOW) },
    'missing',
    /no header svix-signature/,
  ),
  standard(
    'headers of both kinds',
    { 'svix-id': ID, 'svix-timestamp': String(NOW), 'webhook-signature': `v1,${base64()}` },
    'missing',
    /no header webhook-/,
  ),
  standard(
    'an asymmetric signature alone',
    { 'webhook-id': ID, 'webhook-timestamp': String(NOW), 'webhook-signature': `v1a,${base64()}` },
    'malformed',
    /has "v1a," before it, where "v1," is expected/,
  ),
  standard(
    'hexadecimal',
    { 'webhook-id': ID, 'webhook-timestamp': String(NOW), 'webhook-signature': `v1,${hex()}` },
    'malformed',
    /is hexadecimal, where base64/,
  ),
  standard(
    'the notation of Stripe',
    { 'webhook-id': ID, 'webhook-timestamp': String(NOW), 'webhook-signature': `v1=${base64()}` },
    'malformed',
    /has "v1=" before it, where "v1," is expected/,
  ),
  standard(
    'a wrong signature',
    { 'webhook-id': ID, 'webhook-timestamp': String(NOW), 'webhook-signature': `v1,${base64()}` },
    'mismatch',
    null,
  ),
];
