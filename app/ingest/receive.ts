// The whole way of a webhook: verify, decode, store. A later step never runs before an earlier one has passed.
import type { Receipt } from '../model/receipt.ts';
import type { Store } from '../model/store.ts';
import { decodeMessage } from './decode.ts';
import { verifySignature } from './signature.ts';

/** The receipt of a body that was refused for its size, before any of it was looked at. */
export const PAYLOAD_TOO_LARGE: Receipt = {
  outcome: 'payload_too_large',
  messageId: null,
  conflict: false,
  faults: [],
};
const INVALID_SIGNATURE: Receipt = {
  outcome: 'invalid_signature',
  messageId: null,
  conflict: false,
  faults: [],
};

/**
 * Receives one webhook: `body` are the raw bytes, `signature` the value of X-Signature.
 * Resolves to `created` or `duplicate` only when the message is durable. Never rejects.
 */
export async function receive(
  store: Store,
  secret: Buffer,
  body: Buffer,
  signature: string | string[] | undefined,
): Promise<Receipt> {
  if (!verifySignature(secret, body, signature)) return INVALID_SIGNATURE;
  const decoded = decodeMessage(body);
  if ('faults' in decoded) {
    return {
      outcome: 'validation_error',
      messageId: decoded.messageId,
      conflict: false,
      faults: decoded.faults,
    };
  }
  const stored = await store.append(decoded.message);
  const conflict = stored === 'conflict';
  return {
    outcome: conflict ? 'duplicate' : stored,
    messageId: decoded.message.message_id,
    conflict,
    faults: [],
  };
}
