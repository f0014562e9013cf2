// The signature of a webhook: HMAC-SHA256 over the raw bytes, compared in constant time.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignatureFault } from '../model/source.ts';

/** The form of a signature: hex of 32 bytes, in either case. */
export const SIGNATURE = /^[0-9a-fA-F]{64}$/;

/** The keys that a webhook may be signed with: one, or two while senders change over. */
export interface SigningKeys {
  readonly current: Buffer;
  readonly previous: Buffer | null;
}

/**
 * Returns which key `header` is a valid signature of `body` with; null where it is with neither.
 * `header` is the value of X-Signature as Node hands it over.
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

/** Returns why `header`, which is not valid, is not: by its form, since only a well-formed one can be another's. */
export function faultOf(header: string | string[] | undefined): SignatureFault {
  if (header === undefined) return 'missing';
  return typeof header === 'string' && SIGNATURE.test(header) ? 'mismatch' : 'malformed';
}

/** Returns the value of X-Signature for these bytes: lower-case hex. */
export function signatureOf(secret: Buffer, body: Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * Returns whether `header` is the hex HMAC-SHA256 of `body` under `secret`.
 * False for a header that is absent, malformed, not ASCII or repeated (Node joins repeated headers with a comma).
 * The form is public, so refusing a malformed header early tells an attacker nothing; the digests are compared in constant time.
 */
function verifySignature(
  secret: Buffer,
  body: Buffer,
  header: string | string[] | undefined,
): boolean {
  if (typeof header !== 'string' || !SIGNATURE.test(header)) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(header, 'hex'));
}
