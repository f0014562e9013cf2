// The whole way of a webhook: verify, decode, store. A later step never runs before an earlier one has passed.
import type { Receipt } from '../model/receipt.ts';
import type { Store } from '../storage/store.ts';
import { decodeMessage } from './decode.ts';
import { type SigningKeys, signingKeyOf } from './signature.ts';

/** The receipt of a body that was refused for its size, before any of it was looked at. */
export const PAYLOAD_TOO_LARGE: Receipt = {
  outcome: 'payload_too_large',
  signedWith: null,
  messageId: null,
  conflict: false,
  faults: [],
};
/** The receipt of a body that was not read to its end, because too many others were under way. */
export const OVERLOADED: Receipt = {
  outcome: 'unavailable',
  signedWith: null,
  messageId: null,
  conflict: false,
  faults: [],
};
const INVALID_SIGNATURE: Receipt = {
  outcome: 'invalid_signature',
  signedWith: null,
  messageId: null,
  conflict: false,
  faults: [],
};

/** `receive` for one store and its keys: what the door is given. */
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
    };
  }
  const stored = await store.append(decoded.message);
  const conflict = stored === 'conflict';
  return {
    outcome: conflict ? 'duplicate' : stored,
    signedWith,
    messageId: decoded.message.message_id,
    conflict,
    faults: [],
  };
}
