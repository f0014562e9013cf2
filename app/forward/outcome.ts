// What an attempt came to.
import type { AttemptResult } from '../model/forward.ts';
import { retryAfterMs } from '../model/retry-after.ts';

/** What an attempt ended with: the status of an answer, or why there is none. */
export type Response =
  | { readonly status: number; readonly retryAfter: string | null }
  | { readonly error: string }
  /** The request cannot be made of this entry. */
  | { readonly impossible: string }
  /** It was ended by ourselves, and counts as if it had not been made. */
  | { readonly aborted: true };

export interface Outcome {
  readonly result: AttemptResult;
  /** In words; null where it was delivered. */
  readonly error: string | null;
  /** How long the destination asked not to be attempted, in milliseconds; null where it did not. */
  readonly retryAfterMs: number | null;
}

/** An attempt that failed. */
export type Failure = Exclude<AttemptResult, 'delivered'>;

const GONE = 410;
const TOO_MANY = 429;
/** A gateway says that the application cannot be reached, or it says itself that it takes nothing now. */
const AWAY = [502, 503, 504];
/** Those whose Retry-After counts: RFC 9110, section 15.6.4, and RFC 6585, section 4. */
const RESTING = [TOO_MANY, 503];
const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

/** Judges a response: 2xx is success, 410 ends the destination, everything else is repeated. `nowMs`: since 1970. */
export function outcomeOf(response: Exclude<Response, { aborted: true }>, nowMs: number): Outcome {
  if ('error' in response)
    return { result: 'unreachable', error: response.error, retryAfterMs: null };
  if ('impossible' in response)
    return { result: 'refused', error: response.impossible, retryAfterMs: null };
  const { status, retryAfter } = response;
  if (status >= 200 && status < 300)
    return { result: 'delivered', error: null, retryAfterMs: null };
  return {
    result: failureOf(status),
    error: `answered ${status}`,
    retryAfterMs: RESTING.includes(status)
      ? retryAfterMs(retryAfter, nowMs, RETRY_AFTER_MS_MAX)
      : null,
  };
}

function failureOf(status: number): Failure {
  if (status === GONE) return 'gone';
  if (AWAY.includes(status)) return 'unreachable';
  return status >= 500 || status === TOO_MANY ? 'failed' : 'refused';
}
