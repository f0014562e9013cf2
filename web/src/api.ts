// The public API as the dashboard calls it: the token, the state of the connection, and typed answers.
import type * as z from 'zod';
import type * as schemas from '../../app/http/openapi/schemas.ts';
import { BASE_PATH, addressOf } from './base-path.ts';

type Page = z.output<typeof schemas.page>;
export type Message = Page['data'][number];
export type LinkedPage = Page & Neighbours;
export type Stats = z.output<typeof schemas.stats>;
export type Timeline = z.output<typeof schemas.timeline>;
export type Readiness = z.output<typeof schemas.ready> | z.output<typeof schemas.notReady>;

/** `locked`: the service wants a token. */
export type Connection = 'online' | 'offline' | 'locked';

/** An answer that says no; `detail` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Services under other prefixes of this origin have tokens of their own. */
const TOKEN_KEY = `oncebox.token${BASE_PATH}`;
const METRICS = '/metrics';
const METRICS_TOKEN_KEY = `oncebox.metrics-token${BASE_PATH}`;
const listeners = new Set<(connection: Connection) => void>();
let connection: Connection = 'online';

export function currentConnection(): Connection {
  return connection;
}

/** Calls back at each change. Gives the function that ends it. */
export function watchConnection(listener: (connection: Connection) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function report(state: Connection): void {
  if (state === connection) return;
  connection = state;
  for (const listener of listeners) listener(state);
}

/** The token is kept for this tab only, and forgotten with it. */
export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
  report('online');
}

/** For a service whose metrics have a token of their own; kept like the other. */
export function setMetricsToken(token: string): void {
  sessionStorage.setItem(METRICS_TOKEN_KEY, token);
}

function tokenFor(path: string): string | null {
  const own = path === METRICS ? sessionStorage.getItem(METRICS_TOKEN_KEY) : null;
  return own ?? sessionStorage.getItem(TOKEN_KEY);
}

/** Calls a path of the API and watches how it goes. Rejects with ApiError, or with what fetch rejects with. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const token = tokenFor(path);
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(addressOf(path), { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted !== true) report('offline');
    throw error;
  }
  // The webhook's 401 is about a signature, and the metrics may have a token of their own.
  const locked = response.status === 401 && path !== '/webhook' && path !== METRICS;
  // Some answers need no token: they do not say that the one we have fits.
  if (locked) report('locked');
  else if (connection !== 'locked') report('online');
  return response;
}

async function getJson(
  path: string,
  signal: AbortSignal,
  accepted: number[] = [],
): Promise<unknown> {
  return await bodyOf(await call(path, { signal }), accepted);
}

/** What an answer says, where it is good or its status is one of `accepted`. Rejects with ApiError. */
export async function bodyOf(
  response: Response,
  accepted: number[] = [],
  parse: (text: string) => unknown = JSON.parse,
): Promise<unknown> {
  const body = parse(await response.text()) as { detail?: unknown };
  if (response.ok || accepted.includes(response.status)) return body;
  throw new ApiError(response.status, describe(body.detail));
}

/** The reason in an answer, in words. */
export function describe(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (!Array.isArray(detail)) return 'the service gave no reason';
  return (detail as { loc: unknown[]; msg: string }[])
    .map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`)
    .join('; ');
}

/** The query strings of the neighbours of a page; null where there is none. */
interface Neighbours {
  readonly prev: string | null;
  readonly next: string | null;
}

/** A page by its query string. */
export async function getPage(query: string, signal: AbortSignal): Promise<LinkedPage> {
  const response = await call(`/messages?${query}`, { signal });
  return { ...((await bodyOf(response)) as Page), ...neighboursOf(response) };
}

export function neighboursOf(response: Response): Neighbours {
  const link = response.headers.get('Link') ?? '';
  return { prev: linked(link, 'prev'), next: linked(link, 'next') };
}

/** The query string of one relation of a Link header (RFC 8288). */
function linked(header: string, relation: string): string | null {
  return new RegExp(`<[^>?]*\\?([^>]*)>; rel="${relation}"`).exec(header)?.[1] ?? null;
}

export async function getStats(signal: AbortSignal): Promise<Stats> {
  return (await getJson('/stats', signal)) as Stats;
}

export async function getTimeline(query: URLSearchParams, signal: AbortSignal): Promise<Timeline> {
  return (await getJson(`/stats/timeline?${query}`, signal)) as Timeline;
}

/** A service that is not ready answers 503 with its checks, which is what is asked for. */
export async function getReadiness(signal: AbortSignal): Promise<Readiness> {
  return (await getJson('/health/ready', signal, [503])) as Readiness;
}

export async function getMetrics(signal: AbortSignal): Promise<string> {
  const response = await call(METRICS, { signal });
  if (!response.ok) throw new ApiError(response.status, 'the metrics cannot be read');
  return await response.text();
}
