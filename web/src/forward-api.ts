// Forwarding as the dashboard asks the public API for it, and steers it.
import { bodyOf, call } from './api.ts';

export interface Destination {
  readonly name: string;
  readonly mode: 'item' | 'raw' | null;
  readonly order: 'sender' | 'strict' | 'none' | null;
  readonly url: string | null;
  readonly state: 'running' | 'slowed' | 'disabled' | 'removed';
  readonly reason: string | null;
  readonly position: number;
  readonly last_seq: number;
  readonly behind: number;
  readonly oldest_unfinished: string | null;
  readonly retrying: number;
  readonly waiting: number;
  readonly dead: number;
  readonly delivered: number;
  readonly rate_per_second: number;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
}

export interface DeadLetter {
  readonly id: string;
  readonly seq: number;
  readonly source: string;
  readonly type: string;
  readonly party: string | null;
  readonly attempts: number;
  readonly first_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  readonly error: string | null;
}

export interface DeadPage {
  readonly data: readonly DeadLetter[];
  readonly next_cursor: string | null;
}

/** What became of an item at a destination. */
export interface Attempts {
  readonly name: string;
  readonly state: 'delivered' | 'pending' | 'retry' | 'waiting' | 'dead';
  readonly attempts: number;
  readonly first_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  readonly next_attempt_at: string | null;
  readonly error: string | null;
}

/** Which dead letters. */
type Chosen = { readonly ids: readonly string[] } | { readonly all: true };

/** Numbers or instants, both included, and a source; what is left out is no bound. */
export interface Replay {
  readonly from: number | string;
  readonly to?: number | string;
  readonly source?: string;
}

export async function getDestinations(signal: AbortSignal): Promise<readonly Destination[]> {
  return ((await bodyOf(await call('/forwards', { signal }))) as { data: Destination[] }).data;
}

export async function getDead(
  name: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<DeadPage> {
  return (await bodyOf(await call(`${pathOf(name)}/dead?${query}`, { signal }))) as DeadPage;
}

export async function getAttempts(seq: number, signal: AbortSignal): Promise<readonly Attempts[]> {
  const response = await call(`/forwards/attempts?seq=${seq}`, { signal });
  return ((await bodyOf(response)) as { data: Attempts[] }).data;
}

/** Makes dead letters due again. Resolves with how many; rejects with ApiError, 403 where the service has no token. */
export async function retry(name: string, which: Chosen): Promise<number> {
  return ((await post(`${pathOf(name)}/retry`, which)) as { retried: number }).retried;
}

/** Forgets dead letters. Resolves and rejects as `retry`. */
export async function discard(name: string, which: Chosen): Promise<number> {
  return ((await post(`${pathOf(name)}/discard`, which)) as { discarded: number }).discarded;
}

/** Sends again what is stored. Resolves and rejects as `retry`. */
export async function replay(name: string, which: Replay): Promise<number> {
  return ((await post(`${pathOf(name)}/replay`, which)) as { replayed: number }).replayed;
}

function pathOf(name: string): string {
  return `/forwards/${encodeURIComponent(name)}`;
}

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  return await bodyOf(await call(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}
