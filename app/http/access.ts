// Who may ask what: the one place that says which paths need which token, and whether a caller has it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The tokens that are asked for; null where there is none to ask for. */
export interface Tokens {
  readonly api: string | null;
  /** For `/metrics`, so that a scraper need not be able to read messages; without it `api` is asked for. */
  readonly metrics: string | null;
}

/**
 * Paths that vouch for themselves (a webhook is signed), that orchestrators ask without a token,
 * or that say what the API is and hold nothing of what it keeps.
 */
const OPEN = ['/webhook', '/health/live', '/health/ready', '/openapi.json'];
const METRICS = '/metrics';
/** RFC 6750, section 2.1; the scheme is case-insensitive (RFC 9110, section 11.1). */
const BEARER = /^Bearer +([!-~]+)$/i;

/**
 * Gives the function that says whether a request to `path` may pass with this `Authorization` header.
 * `assets` are the files of the dashboard: a browser fetches them before anyone can type a token.
 * Paths that do not exist are guarded like those that do, so that a stranger cannot tell them apart.
 */
export function createGuard(
  tokens: Tokens,
  assets: Iterable<string>,
): (path: string, authorization: string | undefined) => boolean {
  // Digests under a key of this process have one length and no relation that a caller could use,
  // so comparing them in constant time leaks neither the token nor its length.
  const key = randomBytes(32);
  const digest = (token: string): Buffer => createHmac('sha256', key).update(token).digest();
  const api = tokens.api === null ? null : digest(tokens.api);
  const metrics = tokens.metrics === null ? api : digest(tokens.metrics);

  const open = new Set([...OPEN, ...assets]);

  return (path, authorization) => {
    if (open.has(path)) return true;
    const expected = path === METRICS ? metrics : api;
    if (expected === null) return true;
    const given = BEARER.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}
