// The catalogue of errors: a code for every refusal and failure that HTTP reports. `replies.ts` has their statuses and bodies.
import { ISSUE_TYPES } from '../model/validation-issue.ts';
import { UNAVAILABLE_REASONS } from '../model/unavailable.ts';

/** Codes without further detail. `client_closed_request` is logged and never sent. */
const PLAIN_ERRORS = [
  'bad_request',
  'invalid_signature',
  'unauthorized',
  'handshake_refused',
  'steering_closed',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'client_closed_request',
  'internal_error',
  'not_ready',
] as const;

export type PlainError = (typeof PLAIN_ERRORS)[number];

/**
 * Every code. That of a validation issue (422) is the `type` that its body names; that of a service which cannot serve the
 * request now (503) is the `reason` that the log and the metrics name. `docs/reference/errors.md` explains each.
 */
export const ERROR_CODES = [...PLAIN_ERRORS, ...ISSUE_TYPES, ...UNAVAILABLE_REASONS] as const;
