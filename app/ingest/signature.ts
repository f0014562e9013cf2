// The signature of a webhook: HMAC-SHA256 over the raw bytes, compared in constant time.
import { createHmac, timingSafeEqual } from 'node:crypto';

const HEX_SHA256 = /^[0-9a-fA-F]{64}$/;

/**
 * Whether `header` is the hex HMAC-SHA256 of `body` under `secret`.
 * False for a header that is absent, malformed, not ASCII or repeated (Node joins repeated headers with a comma).
 * The form is public, so refusing a malformed header early tells an attacker nothing; the digests are compared in constant time.
 */
export function verifySignature(
  secret: Buffer,
  body: Buffer,
  header: string | string[] | undefined,
): boolean {
  if (typeof header !== 'string' || !HEX_SHA256.test(header)) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(header, 'hex'));
}
