// What the form of a refused signature tells of the mistake behind it, in words for the operator's log. No hint quotes what was sent.
import type { Post } from './scheme.ts';
import { HASHES, type SignatureHeader, digestPattern, signaturesIn } from './signature-header.ts';

/** Headers of signatures, and whose they are: a source often has the scheme of another provider. */
const KNOWN_HEADERS: readonly (readonly [header: string, owner: string])[] = [
  ['x-hub-signature-256', 'GitHub and Meta'],
  ['stripe-signature', 'Stripe'],
  ['x-slack-signature', 'Slack'],
  ['x-shopify-hmac-sha256', 'Shopify'],
  ['x-twilio-signature', 'Twilio'],
  ['webhook-signature', 'Standard Webhooks'],
  ['svix-signature', 'Standard Webhooks'],
  ['x-signature', 'the scheme oncebox, or another one of hmac'],
];

/** Seconds by which a time in milliseconds, read as seconds, is ahead at least. */
const MILLISECONDS_AHEAD = 1e11;

/** How signatures begin at these providers: the only texts of a header that a hint repeats. */
const KNOWN_START = /^(?:sha1=|sha256=|sha512=|v0=|v1=|v1,|v1a,|t=[0-9]{1,15},v[01]=)/;

/** Why a post has no header of this name. */
export function absentHint(name: string, post: Post): string {
  const other = KNOWN_HEADERS.find(
    ([header]) => header !== name.toLowerCase() && Object.hasOwn(post.headers, header),
  );
  const absent = `there is no header ${name}`;
  return other === undefined
    ? `${absent}: is a secret set at the sender?`
    : `${absent}, but ${other[0]}, as ${other[1]} has it`;
}

/** What is wrong with the form of a signature; null where it resembles none. */
export function formHint(header: string, parts: SignatureHeader): string | null {
  if (/whsec_|whsk_/.test(header)) return 'the header holds a secret, not a signature';
  if ('prefix' in parts.form && header.split(', ').every((one) => signaturesIn(one, parts).length))
    return 'the header is repeated';
  const start = KNOWN_START.exec(header)?.[0] ?? '';
  const text = header.slice(start.length);
  const right = signaturesIn(startOf(parts) + text, parts).length > 0;
  if (!right) return digestHint(text, parts);
  const expected = JSON.stringify(startOf(parts));
  if (start === '') return `the signature is there without ${expected} before it`;
  const found = JSON.stringify(start.replace(/^t=[0-9]+/, 't=…'));
  return startOf(parts) === ''
    ? `the signature has ${found} before it, where nothing is expected`
    : `the signature has ${found} before it, where ${expected} is expected`;
}

/** What stands before a signature. */
function startOf({ form }: SignatureHeader): string {
  return 'prefix' in form ? form.prefix : `${form.elements.name}${form.elements.after}`;
}

function digestHint(text: string, { hash, encoding }: SignatureHeader): string | null {
  const hex = encoding !== 'base64';
  if (encoding === 'hex' && digestPattern(hash, 'anyHex').test(text))
    return 'the signature is hexadecimal in upper case, where lower case is expected';
  if (digestPattern(hash, hex ? 'base64' : 'anyHex').test(text))
    return hex
      ? 'the signature is base64, where hexadecimal is expected'
      : 'the signature is hexadecimal, where base64 is expected';
  const other = HASHES.find(
    (one) => one !== hash && digestPattern(one, hex ? 'anyHex' : 'base64').test(text),
  );
  if (other !== undefined)
    return `the signature is as long as one of ${other}, where ${hash} is expected`;
  if (!hex && /^[A-Za-z0-9_-]{27,86}={0,2}$/.test(text))
    return 'the signature is base64 without padding or of the alphabet for URLs, where that of RFC 4648 with padding is expected';
  return null;
}

/** How far a signed time is from that of arrival. `ageSeconds` is negative for a time after it. */
export function timeHint(ageSeconds: number, toleranceSeconds: number): string {
  if (ageSeconds < -MILLISECONDS_AHEAD)
    return 'the signed time is far ahead: it may be in milliseconds, where seconds are expected';
  const side = ageSeconds < 0 ? 'after' : 'before';
  return `the signed time is ${Math.abs(ageSeconds)} s ${side} the arrival, where ${toleranceSeconds} s are allowed: is the clock of this machine right?`;
}
