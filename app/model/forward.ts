// Forwarding: what a destination is, and what is known of one.

/** `item`: one request for each item. `raw`: each delivery as its provider sent it. */
export const FORWARD_MODES = ['item', 'raw'] as const;
export type ForwardMode = (typeof FORWARD_MODES)[number];

/** How many requests may be in flight: one for each conversation, one in all, or any number. */
export const FORWARD_ORDERS = ['sender', 'strict', 'none'] as const;
type ForwardOrder = (typeof FORWARD_ORDERS)[number];

/** Where a destination that was never seen before begins. */
export const FORWARD_STARTS = ['now', 'beginning'] as const;
export type ForwardStart = (typeof FORWARD_STARTS)[number];

/** An endpoint of the operator's, as it is configured. */
export interface ForwardSettings {
  readonly name: string;
  /** http: or https:. It may hold a password: it is shown without. */
  readonly url: string;
  readonly mode: ForwardMode;
  /** Keys of Standard Webhooks; null where nothing is signed, which only mode `raw` allows. */
  readonly keys: { readonly current: Uint8Array; readonly previous: Uint8Array | null } | null;
  /** Only items of these sources; null: of all. DEFAULT_SOURCE included. */
  readonly sources: readonly string[] | null;
  /** Only items of these types: `message`, `message.text`, `event.status`, and any of them with `*` at its end; null: all. */
  readonly types: readonly string[] | null;
  readonly start: ForwardStart;
  readonly order: ForwardOrder;
  /** Requests in flight. */
  readonly concurrency: number;
  /** Time limit of one attempt. */
  readonly timeoutMs: number;
  /** Requests a second; null: no limit. */
  readonly ratePerSecond: number | null;
  /** Time from the first attempt until an item is a dead letter. */
  readonly retryHours: number;
}

/** `slowed`: everything fails, and single probes are sent until one succeeds. `disabled`: it answered 410. `standby`: another replica forwards. */
export const FORWARD_STATES = ['running', 'slowed', 'disabled', 'standby'] as const;
export type ForwardState = (typeof FORWARD_STATES)[number];

/**
 * What an attempt came to. `refused`: an answer that is about the item, such as 400. `failed`: one that says that the application
 * failed. `unreachable`: no connection, no answer in time, or a gateway says so. `gone`: 410.
 */
export const ATTEMPT_RESULTS = ['delivered', 'refused', 'failed', 'unreachable', 'gone'] as const;
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

/** What the process that forwards says of a destination. It is kept in the database, so that every replica can show it. */
export interface ForwardReport {
  readonly state: Exclude<ForwardState, 'standby'>;
  /** Why it is not running, in words; null while it is. */
  readonly reason: string | null;
  /** The last attempt that failed, in words, and when; ISO-8601. Null where none did since the process began to forward. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  /** Requests that succeeded, a second, over the last minute. */
  readonly ratePerSecond: number;
  /** When this was said, ISO-8601. */
  readonly at: string;
}

/**
 * `retry`: to be attempted at a time. `waiting`: behind another of its conversation. `dead`: given up. `discarded`: given up, and
 * somebody said that it is not wanted any more.
 */
export type UnfinishedState = 'retry' | 'waiting' | 'dead' | 'discarded';

/** `ForwardStore.contents` adds no further one once payloads, texts and bodies pass this together. */
export const CONTENTS_BYTES_MAX = 4 * 1_024 * 1_024;
