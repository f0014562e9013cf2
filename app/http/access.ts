// Access control: which token a route needs, and whether a caller has it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Access } from './route.ts';

/** The tokens that are required; null where there is none to require. */
export interface Tokens {
  readonly api: string | null;
  /** For `/metrics`, so that a scraper need not be able to read messages; without it `api` is required. */
  readonly metrics: string | null;
}

/** RFC 6750, section 2.1; the scheme is case-insensitive (RFC 9110, section 11.1). */
const BEARER = /^Bearer +([!-~]+)$/i;

/** Returns the function that says whether a request with this `Authorization` header may pass to a route with this access. */
export function createGuard(
  tokens: Tokens,
): (access: Access, authorization: string | undefined) => boolean {
  // Digests under a key of this process have one length and no relation that a caller could use,
  // so comparing them in constant time leaks neither the token nor its length.
  const key = randomBytes(32);
  const digest = (token: string): Buffer => createHmac('sha256', key).update(token).digest();
  const api = tokens.api === null ? null : digest(tokens.api);
  const metrics = tokens.metrics === null ? api : digest(tokens.metrics);

  return (access, authorization) => {
    if (access === 'open') return true;
    const expected = access === 'metrics' ? metrics : api;
    if (expected === null) return true;
    const token = BEARER.exec(authorization ?? '')?.[1];
    return token !== undefined && timingSafeEqual(digest(token), expected);
  };
}
