// The result of one post of a named source, with what its response, its log line and its counters need.
import type { SignatureFault } from './source.ts';
import type { UnavailableReason } from './unavailable.ts';

/** Every outcome. `handshake`: the post was signed, is answered by its scheme, and has nothing to store. */
export const DELIVERY_OUTCOMES = [
  'created',
  'duplicate',
  'invalid_signature',
  'payload_too_large',
  'unavailable',
  'handshake',
] as const;

type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** `unparsed`: the events that stand for what could not be read. */
export const ITEM_KINDS = ['message', 'event', 'unparsed'] as const;

/** What became of the items of one kind. */
export interface ItemCounts {
  readonly created: number;
  readonly duplicate: number;
  readonly conflict: number;
}

/** The counts of every kind. */
export type CountsByKind = Readonly<Record<(typeof ITEM_KINDS)[number], ItemCounts>>;

const NONE: ItemCounts = { created: 0, duplicate: 0, conflict: 0 };

/** Returns counts that are zero. */
export function noItems(): Record<keyof CountsByKind, Record<keyof ItemCounts, number>> {
  return { message: { ...NONE }, event: { ...NONE }, unparsed: { ...NONE } };
}

export interface DeliveryReceipt {
  /** The name of the source. */
  readonly source: string;
  /** `created` where anything of it is new, `duplicate` where nothing is. */
  readonly outcome: DeliveryOutcome;
  /** Which key the signature is valid with; null where it is not valid, or was not verified. */
  readonly signedWith: 'current' | 'previous' | null;
  /** Why the signature is not valid; null unless the outcome is `invalid_signature`. */
  readonly fault: SignatureFault | null;
  /** What the sender may have done wrong, in words for the operator; null where nothing betrays it. */
  readonly hint: string | null;
  readonly items: CountsByKind;
  /** Why it could not be stored; null unless the outcome is `unavailable`. */
  readonly reason: UnavailableReason | null;
  /** The body of the response, where the post was accepted; null where it was refused. */
  readonly answer: { readonly contentType: string; readonly body: string } | null;
}
