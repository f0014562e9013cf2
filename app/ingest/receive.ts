// Receives a webhook: verify, decode, store. A later step never runs before an earlier one has passed.
import type { Receipt } from '../model/receipt.ts';
import type { Store } from '../storage/store.ts';
import { decodeMessage } from './decode.ts';
import { reservedIdIssue } from './reserved-id.ts';
import { type SigningKeys, faultOf, signingKeyOf } from './signature.ts';

/** A receipt before anything is known; each outcome adds what it knows. */
const NOTHING_KNOWN = {
  signedWith: null,
  fault: null,
  messageId: null,
  conflict: false,
  issues: [],
  reason: null,
} as const;

/** The receipt of a body that was refused for its size, before any of it was verified. */
export const PAYLOAD_TOO_LARGE: Receipt = { ...NOTHING_KNOWN, outcome: 'payload_too_large' };
/** The receipt of a body that was not read to its end, because too many others were in flight. */
export const OVERLOADED: Receipt = {
  ...NOTHING_KNOWN,
  outcome: 'unavailable',
  reason: 'too_many_bodies',
};

/** `receive` bound to a store and its signing keys, as the HTTP layer calls it. */
export type Receive = (body: Buffer, signature: string | string[] | undefined) => Promise<Receipt>;

/**
 * Receives one webhook. `sources`: the named ones, whose ids it must not have; `body`: the raw bytes; `signature`: the value of
 * X-Signature, undefined without one.
 * Resolves to `created` or `duplicate` only when the message is durable. Never rejects.
 */
export async function receive(
  store: Store,
  keys: SigningKeys,
  sources: ReadonlySet<string>,
  body: Buffer,
  signature: string | string[] | undefined,
): Promise<Receipt> {
  const signedWith = signingKeyOf(keys, body, signature);
  if (signedWith === null)
    return { ...NOTHING_KNOWN, outcome: 'invalid_signature', fault: faultOf(signature) };
  const decoded = decodeMessage(body);
  if ('issues' in decoded)
    return { ...NOTHING_KNOWN, outcome: 'validation_error', signedWith, ...decoded };
  const { message_id: messageId } = decoded.message;
  const known = { ...NOTHING_KNOWN, signedWith, messageId };
  const issue = sources.size === 0 ? null : reservedIdIssue(sources, messageId);
  if (issue !== null) return { ...known, outcome: 'validation_error', issues: [issue] };
  const stored = await store.append([decoded.message]);
  if ('unavailable' in stored)
    return { ...known, outcome: 'unavailable', reason: stored.unavailable };
  const [outcome] = stored;
  if (outcome === 'created') return { ...known, outcome };
  return { ...known, outcome: 'duplicate', conflict: outcome === 'conflict' };
}
