// A source of each scheme that signs bodies as they are, with what it signs written out by hand: for suites that hold for all of them.
import { createHmac } from 'node:crypto';
import type { SchemeName } from '../../app/model/source.ts';
import type { SourceSettings } from '../../app/sources/scheme.ts';
import { ID, NOW } from './signed.ts';

export interface SchemeCase {
  readonly name: string;
  readonly scheme: SchemeName;
  readonly secret: string;
  readonly otherSecret: string;
  readonly settings: SourceSettings;
  /** The headers of a body, made without the code under test. */
  readonly headers: (body: Uint8Array, time?: number) => Readonly<Record<string, string>>;
  /** Those of these headers whose change makes the signature invalid. */
  readonly signed: readonly string[];
  /** Whether hexadecimal digits are accepted in either case. */
  readonly anyCase: boolean;
  /** Whether each post has a signed time, and which times pass at NOW: the oldest, and the latest where there is one. */
  readonly times: { readonly oldest: number; readonly latest: number | null } | null;
}

const WORDS = 'It’s a secret to everybody';
const BASE64_KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER_BASE64_KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx';
const BOTH_SIDES = { oldest: NOW - 300, latest: NOW + 300 };

type Hash = 'sha1' | 'sha256' | 'sha512';
const mac = (
  key: string | Buffer,
  parts: readonly (string | Uint8Array)[],
  hash: Hash = 'sha256',
): Buffer => {
  const hmac = createHmac(hash, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

const standard = (prefix: string): Pick<SchemeCase, 'headers' | 'signed'> => ({
  headers: (body, time = NOW) => ({
    [`${prefix}-id`]: ID,
    [`${prefix}-timestamp`]: String(time),
    [`${prefix}-signature`]: `v1,${mac(Buffer.from(BASE64_KEY, 'base64'), [`${ID}.${time}.`, body]).toString('base64')}`,
  }),
  signed: [`${prefix}-id`, `${prefix}-timestamp`, `${prefix}-signature`],
});

const hmac = (
  name: string,
  settings: SourceSettings,
  one: Pick<SchemeCase, 'headers' | 'signed' | 'times'>,
): SchemeCase => ({
  name: `hmac, ${name}`,
  scheme: 'hmac',
  secret: WORDS,
  otherSecret: `${WORDS}.`,
  settings,
  anyCase: settings['ENCODING'] !== 'base64',
  ...one,
});

export const SCHEME_CASES: readonly SchemeCase[] = [
  {
    name: 'oncebox',
    scheme: 'oncebox',
    secret: WORDS,
    otherSecret: WORDS.toUpperCase(),
    settings: {},
    headers: (body) => ({ 'X-Signature': mac(WORDS, [body]).toString('hex') }),
    signed: ['X-Signature'],
    anyCase: true,
    times: null,
  },
  {
    name: 'github',
    scheme: 'github',
    secret: WORDS,
    otherSecret: ` ${WORDS}`,
    settings: {},
    headers: (body) => ({
      'X-GitHub-Event': 'push',
      'X-GitHub-Delivery': ID,
      'X-Hub-Signature-256': `sha256=${mac(WORDS, [body]).toString('hex')}`,
    }),
    signed: ['X-Hub-Signature-256'],
    anyCase: false,
    times: null,
  },
  {
    name: 'meta',
    scheme: 'meta',
    secret: WORDS,
    otherSecret: `${WORDS}s`,
    settings: { VERIFY_TOKEN: 'token' },
    headers: (body) => ({
      'X-Hub-Signature-256': `sha256=${mac(WORDS, [body]).toString('hex')}`,
    }),
    signed: ['X-Hub-Signature-256'],
    anyCase: false,
    times: null,
  },
  {
    name: 'shopify',
    scheme: 'shopify',
    secret: 'shpss_0123456789abcdef',
    otherSecret: '0123456789abcdef',
    settings: {},
    headers: (body) => ({
      'X-Shopify-Topic': 'orders/create',
      'X-Shopify-Hmac-Sha256': mac('shpss_0123456789abcdef', [body]).toString('base64'),
    }),
    signed: ['X-Shopify-Hmac-Sha256'],
    anyCase: false,
    times: null,
  },
  {
    name: 'stripe',
    scheme: 'stripe',
    secret: `whsec_${BASE64_KEY}`,
    otherSecret: BASE64_KEY,
    settings: {},
    headers: (body, time = NOW) => ({
      'Stripe-Signature': `t=${time},v1=${mac(`whsec_${BASE64_KEY}`, [`${time}.`, body]).toString('hex')}`,
    }),
    signed: ['Stripe-Signature'],
    anyCase: false,
    times: { oldest: NOW - 300, latest: null },
  },
  {
    name: 'slack',
    scheme: 'slack',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    otherSecret: '8f742231b10e8888abcd99yyyzzz85a6',
    settings: {},
    headers: (body, time = NOW) => ({
      'X-Slack-Request-Timestamp': String(time),
      'X-Slack-Signature': `v0=${mac('8f742231b10e8888abcd99yyyzzz85a5', [`v0:${time}:`, body]).toString('hex')}`,
    }),
    signed: ['X-Slack-Request-Timestamp', 'X-Slack-Signature'],
    anyCase: false,
    times: BOTH_SIDES,
  },
  ...(['webhook', 'svix'] as const).map((prefix): SchemeCase => ({
    name: `standard, headers ${prefix}-*`,
    scheme: 'standard',
    secret: `whsec_${BASE64_KEY}`,
    otherSecret: OTHER_BASE64_KEY,
    settings: {},
    ...standard(prefix),
    anyCase: false,
    times: BOTH_SIDES,
  })),
  hmac(
    'the body alone',
    { HEADER: 'X-Sig' },
    {
      headers: (body) => ({ 'X-Sig': mac(WORDS, [body]).toString('hex') }),
      signed: ['X-Sig'],
      times: null,
    },
  ),
  hmac(
    'the body and then the time, as SMS Gate signs',
    { HEADER: 'X-Signature', SIGNED: '{body}{timestamp}', TIMESTAMP_HEADER: 'X-Timestamp' },
    {
      headers: (body, time = NOW) => ({
        'X-Signature': mac(WORDS, [body, String(time)]).toString('hex'),
        'X-Timestamp': String(time),
      }),
      signed: ['X-Signature', 'X-Timestamp'],
      times: BOTH_SIDES,
    },
  ),
  hmac(
    'SHA-512 in base64 behind a prefix, over id, time and body',
    {
      HEADER: 'Authorization',
      PREFIX: 'HMAC ',
      ENCODING: 'base64',
      HASH: 'sha512',
      SIGNED: 'é {id}\n{timestamp}\n{body}\n',
      TIMESTAMP_HEADER: 'X-Time',
      ID_HEADER: 'X-Id',
      TOLERANCE_SECONDS: '10',
    },
    {
      headers: (body, time = NOW) => ({
        'X-Id': ID,
        'X-Time': String(time),
        Authorization: `HMAC ${mac(WORDS, [`é ${ID}\n${time}\n`, body, '\n'], 'sha512').toString('base64')}`,
      }),
      signed: ['X-Id', 'X-Time', 'Authorization'],
      times: { oldest: NOW - 10, latest: NOW + 10 },
    },
  ),
  hmac(
    'SHA-1 in base64',
    { HEADER: 'X-Sig', ENCODING: 'base64', HASH: 'sha1' },
    {
      headers: (body) => ({ 'X-Sig': mac(WORDS, [body], 'sha1').toString('base64') }),
      signed: ['X-Sig'],
      times: null,
    },
  ),
];
