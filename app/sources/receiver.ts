// What receivers have in common: a signature of the usual parts, and the usual answer.
import { looksLikeForm } from './form.ts';
import type { Keys, Receiver } from './scheme.ts';
import type { SignatureScheme } from './signature.ts';

/**
 * Returns the receiver of posts that are answered with `{"status":"ok"}`.
 * `headers`: as `Receiver` has them. `also`: what the provider sends beside the signature.
 */
export function receiverOf(
  signature: SignatureScheme,
  keys: Keys,
  decode: Receiver['decode'],
  headers: readonly string[],
  also: (at: {
    readonly nowMs: number;
    readonly id: string;
  }) => Record<string, string> = () => ({}),
): Receiver {
  return {
    verify: (post, nowMs) => signature.verify(post, keys, nowMs),
    headers,
    decode,
    stored: { contentType: 'application/json', body: '{"status":"ok"}' },
    handshake: null,
    sign: (body, at) => ({
      headers: {
        'Content-Type': contentType(body),
        ...also(at),
        ...signature.sign(body, keys.current, at),
      },
      query: '',
    }),
  };
}

function contentType(body: Buffer): string {
  return looksLikeForm(body.toString('latin1', 0, 300))
    ? 'application/x-www-form-urlencoded'
    : 'application/json';
}
