// Refused posts of schemes that sign a time, each with its fault and what the log is told of the mistake behind it.
import type { SignatureFault } from '../../app/model/source.ts';
import { BODY, type Row, base64, hex, row } from './signature-fault-cases.ts';
import { ID, NOW, NOW_MS } from './signed.ts';

const BASE64_KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

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

export const TIMED_ROWS: readonly Row[] = [
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
