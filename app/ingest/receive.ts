// The whole way of a webhook: verify, decode, store. A later step never runs before an earlier one has passed.
import type { Receipt } from '../model/receipt.ts';
import type { Store } from '../storage/store.ts';
import { decodeMessage } from './decode.ts';
import { type SigningKeys, signingKeyOf } from './signature.ts';

const NOTHING_KNOWN = {
  signedWith: null,
  messageId: null,
  conflict: false,
  faults: [],
  reason: null,
} as const;

/** The receipt of a body that was refused for its size, before any of it was looked at. */
export const PAYLOAD_TOO_LARGE: Receipt = { ...NOTHING_KNOWN, outcome: 'payload_too_large' };
/** The receipt of a body that was not read to its end, because too many others were under way. */
export const OVERLOADED: Receipt = {
  ...NOTHING_KNOWN,
  outcome: 'unavailable',
  reason: 'too_many_bodies',
};
const INVALID_SIGNATURE: Receipt = { ...NOTHING_KNOWN, outcome: 'invalid_signature' };

/** `receive` bound to a store and its signing keys, as the HTTP layer calls it. */
export type Receive = (body: Buffer, signature: string | string[] | undefined) => Promise<Receipt>;

/**
 * Receives one webhook: `body` are the raw bytes, `signature` the value of X-Signature.
 * Resolves to `created` or `duplicate` only when the message is durable. Never rejects.
 */
export async function receive(
  store: Store,
  keys: SigningKeys,
  body: Buffer,
  signature: string | string[] | undefined,
): Promise<Receipt> {
  const signedWith = signingKeyOf(keys, body, signature);
  if (signedWith === null) return INVALID_SIGNATURE;
  const decoded = decodeMessage(body);
  if ('faults' in decoded) {
    return {
      outcome: 'validation_error',
      signedWith,
      messageId: decoded.messageId,
      conflict: false,
      faults: decoded.faults,
      reason: null,
    };
  }
  const stored = await store.append([decoded.message]);
  const known = { signedWith, messageId: decoded.message.message_id, faults: [] };
  if ('unavailable' in stored)
    return { ...known, outcome: 'unavailable', conflict: false, reason: stored.unavailable };
  const [outcome] = stored;
  return {
    ...known,
    outcome: outcome === 'created' ? 'created' : 'duplicate',
    conflict: outcome === 'conflict',
    reason: null,
  };
}
