// Posts signed bodies to a service: retries what was not stored, and waits for as long as the service asks.
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../model/refusal.ts';
import { retryAfterMs } from '../model/retry-after.ts';
import type { Signing } from './signing.ts';

const RETRY_AFTER_MS = 1_000;
const RETRY_AFTER_MS_MAX = 60_000;
const RESPONSE_TIMEOUT_MS = 30_000;
/** The service, or a proxy before it, may take the same body later. */
const RETRIED_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504];

/** The outcome of one body: acknowledged, or rejected by the service with its reason. */
export type Delivered =
  | { readonly acknowledged: true }
  | { readonly acknowledged: false; readonly status: number; readonly detail: unknown };

/** The service could not be reached, or stored nothing, for longer than `patienceMs`. */
export class GaveUp extends Refusal {
  override readonly name = 'GaveUp';
}

export interface DeliveryOptions {
  readonly url: string;
  readonly sign: Signing;
  /** It gives up when posts have failed for so long, and none succeeded meanwhile. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** The deliveries to one service: its Retry-After holds for all bodies. */
export class Delivery {
  readonly #options: DeliveryOptions;
  #notBeforeMs = 0;
  /** Since the first failure in a row; null while posts succeed, and before the first. */
  #failingSinceMs: number | null = null;
  #retries = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** How often a body was sent again. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * Sends one body until it is acknowledged or refused, signed anew each time. `id` is that of the delivery, the same for each attempt.
   * Rejects with GaveUp, and when it is interrupted.
   */
  async deliver(body: Buffer, id: string): Promise<Delivered> {
    const { signal, patienceMs } = this.#options;
    for (;;) {
      const waitMs = this.#notBeforeMs - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      const outcome = await this.#post(body, id);
      if ('reason' in outcome) {
        this.#retries += 1;
        const nowMs = performance.now();
        this.#failingSinceMs ??= nowMs;
        if (nowMs - this.#failingSinceMs >= patienceMs) throw new GaveUp(outcome.reason);
        this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + outcome.waitMs);
        continue;
      }
      this.#failingSinceMs = null;
      return outcome;
    }
  }

  async #post(body: Buffer, id: string): Promise<Delivered | { reason: string; waitMs: number }> {
    const { url, sign, signal } = this.#options;
    const { headers, query } = sign(body, { nowMs: Date.now(), id });
    let response: Response;
    let text: string;
    try {
      response = await fetch(withQuery(url, query), {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(RESPONSE_TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      return { reason: reasonOf(error), waitMs: RETRY_AFTER_MS };
    }
    if (response.status === 200) return { acknowledged: true };
    if (RETRIED_STATUSES.includes(response.status)) {
      const header = response.headers.get('retry-after');
      const waitMs = retryAfterMs(header, Date.now(), RETRY_AFTER_MS_MAX) ?? RETRY_AFTER_MS;
      return { reason: `it answers ${response.status}`, waitMs };
    }
    return { acknowledged: false, status: response.status, detail: detailOf(text) };
  }
}

/** Returns the URL with the query with which the provider posts, unless it has it already. */
function withQuery(url: string, query: string): string {
  const whole = new URL(url);
  if (query === '' || whole.search === `?${query}`) return url;
  whole.search = whole.search === '' ? query : `${whole.search}&${query}`;
  return whole.href;
}

/** Returns why `fetch` failed: the code of the system where there is one. */
export function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

/** Returns what a body says of a refusal: its `detail`, or its beginning where it has none. */
export function detailOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { detail?: unknown }).detail ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
