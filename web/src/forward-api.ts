// Forwarding as the dashboard asks the public API for it, and steers it.
import type * as z from 'zod';
import type * as schemas from '../../app/http/openapi/forward-schemas.ts';
import { bodyOf, call } from './api.ts';

export type Destination = z.output<typeof schemas.destinations>['data'][number];
export type DeadPage = z.output<typeof schemas.deadPage>;
export type DeadLetter = DeadPage['data'][number];
/** What became of an item at a destination. */
export type Attempts = z.output<typeof schemas.attempts>['data'][number];
/** `ids` or `all`. */
type DeadSelection = z.input<typeof schemas.deadSelection>;
type ReplaySelection = z.input<typeof schemas.replaySelection>;
type Replayed = z.output<typeof schemas.replayed>;

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
export async function retry(name: string, which: DeadSelection): Promise<number> {
  return ((await post(`${pathOf(name)}/retry`, which)) as { retried: number }).retried;
}

/** Forgets dead letters. Resolves and rejects as `retry`. */
export async function discard(name: string, which: DeadSelection): Promise<number> {
  return ((await post(`${pathOf(name)}/discard`, which)) as { discarded: number }).discarded;
}

/** Sends again what is stored, a part of it for each request. Resolves with how many items; rejects as `retry`. */
export async function replay(name: string, which: ReplaySelection): Promise<number> {
  let sum = 0;
  let from: ReplaySelection['from'] | null = which.from;
  while (from !== null) {
    const part = (await post(`${pathOf(name)}/replay`, { ...which, from })) as Replayed;
    sum += part.replayed;
    from = part.next;
  }
  return sum;
}

function pathOf(name: string): string {
  return `/forwards/${encodeURIComponent(name)}`;
}

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  return await bodyOf(await call(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}
