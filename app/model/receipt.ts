// The result of one webhook request, with what its response and its log line need.
import type { SignatureFault } from './source.ts';
import type { UnavailableReason } from './unavailable.ts';
import type { ValidationIssue } from './validation-issue.ts';

/** Every outcome, in the order in which the metrics list them. */
export const OUTCOMES = [
  'created',
  'duplicate',
  'invalid_signature',
  'validation_error',
  'payload_too_large',
  'unavailable',
] as const;

type Outcome = (typeof OUTCOMES)[number];

export interface Receipt {
  readonly outcome: Outcome;
  /** Which key the signature is valid with; null where it is not valid. */
  readonly signedWith: 'current' | 'previous' | null;
  /** Why the signature is not valid; null unless the outcome is `invalid_signature`. */
  readonly fault: SignatureFault | null;
  /** The body's message_id; null where the signature was not valid or the body had none. */
  readonly messageId: string | null;
  /** A duplicate whose content differs from the stored message. */
  readonly conflict: boolean;
  /** What is wrong with the body, where the outcome is `validation_error`. */
  readonly issues: readonly ValidationIssue[];
  /** Why it could not be stored; null unless the outcome is `unavailable`. */
  readonly reason: UnavailableReason | null;
}
