// What an attempt came to.
import type { Failure } from './breaker.ts';
import { retryAfterMs } from './retry.ts';

/** What an attempt ended with: the status of an answer, or why there is none. `retryAfter`: that header. */
export type Response =
  | { readonly status: number; readonly retryAfter: string | null }
  | { readonly error: string }
  /** It was ended by ourselves, and counts as if it had not been made. */
  | { readonly aborted: true };

/** Labels of the metrics. */
export const ATTEMPT_RESULTS = ['delivered', 'refused', 'failed', 'unreachable', 'gone'] as const;
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

export interface Outcome {
  readonly result: AttemptResult;
  /** In words; null where it was delivered. */
  readonly error: string | null;
  /** What the destination asked for, in milliseconds from now; null where it asked for nothing. */
  readonly retryAfterMs: number | null;
}

const GONE = 410;
/** The application takes nothing now, or a gateway says so of it. */
const AWAY = [502, 503, 504];
const TOO_MANY = 429;

/** Judges an answer: 2xx is success, 410 ends the destination, everything else is repeated. */
export function outcomeOf(response: Exclude<Response, { aborted: true }>, nowMs: number): Outcome {
  if ('error' in response)
    return { result: 'unreachable', error: response.error, retryAfterMs: null };
  const { status, retryAfter } = response;
  if (status >= 200 && status < 300)
    return { result: 'delivered', error: null, retryAfterMs: null };
  const error = `answered ${status}`;
  if (status === GONE) return { result: 'gone', error, retryAfterMs: null };
  const later = { error, retryAfterMs: retryAfterMs(retryAfter, nowMs) };
  if (AWAY.includes(status)) return { result: 'unreachable', ...later };
  if (status === TOO_MANY) return { result: 'failed', ...later };
  return { result: status >= 500 ? 'failed' : 'refused', error, retryAfterMs: null };
}

/** Whether it says something about the destination as a whole; null where only about the item. */
export function failureOf({ result }: Outcome): Failure | null {
  return result === 'unreachable' || result === 'failed' ? result : null;
}
