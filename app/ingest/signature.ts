// The signature of a webhook: HMAC-SHA256 over the raw bytes, compared in constant time.
import { createHmac, timingSafeEqual } from 'node:crypto';

const HEX_SHA256 = /^[0-9a-fA-F]{64}$/;

/** The keys that a webhook may be signed with: one, or two while senders change over. */
export interface SigningKeys {
  readonly current: Buffer;
  readonly previous: Buffer | null;
}

/**
 * The key that `header` is a valid signature under; null where it is none.
 * The previous key is tried last, so it costs nothing while every sender uses the current one.
 */
export function signingKeyOf(
  keys: SigningKeys,
  body: Buffer,
  header: string | string[] | undefined,
): keyof SigningKeys | null {
  if (verifySignature(keys.current, body, header)) return 'current';
  if (keys.previous !== null && verifySignature(keys.previous, body, header)) return 'previous';
  return null;
}

/** The value of X-Signature for these bytes: lower-case hex. */
export function signatureOf(secret: Buffer, body: Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * Whether `header` is the hex HMAC-SHA256 of `body` under `secret`.
 * False for a header that is absent, malformed, not ASCII or repeated (Node joins repeated headers with a comma).
 * The form is public, so refusing a malformed header early tells an attacker nothing; the digests are compared in constant time.
 */
function verifySignature(
  secret: Buffer,
  body: Buffer,
  header: string | string[] | undefined,
): boolean {
  if (typeof header !== 'string' || !HEX_SHA256.test(header)) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(header, 'hex'));
}
