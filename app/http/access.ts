// Access control: which token a route needs, and whether a caller has it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Which token a caller needs: `api` the one for reading, `metrics` that of the scraper. `steer` is for routes that change something:
 * they need the one for reading, and are closed where there is none. `open` is for routes that check their caller themselves, that
 * orchestrators call without a token, or that show nothing of what is stored.
 */
export type Access = 'open' | 'api' | 'steer' | 'metrics';

/** The tokens that are required; null where there is none to require. */
export interface Tokens {
  readonly api: string | null;
  /** For `/metrics`, so that a scraper need not be able to read messages; without it `api` is required. */
  readonly metrics: string | null;
}

/** RFC 6750, section 2.1; the scheme is case-insensitive (RFC 9110, section 11.1). */
const BEARER = /^Bearer +([!-~]+)$/i;

/** Why a request may not pass. */
export type Refused = 'unauthorized' | 'steering_closed';

/** Returns the function that says why a request with this `Authorization` header may not pass to a route with this access; null: it may. */
export function createGuard(
  tokens: Tokens,
): (access: Access, authorization: string | undefined) => Refused | null {
  // Digests under a key of this process have one length and no relation that a caller could use,
  // so comparing them in constant time leaks neither the token nor its length.
  const key = randomBytes(32);
  const digest = (token: string): Buffer => createHmac('sha256', key).update(token).digest();
  const api = tokens.api === null ? null : digest(tokens.api);
  const metrics = tokens.metrics === null ? api : digest(tokens.metrics);

  return (access, authorization) => {
    if (access === 'open') return null;
    const expected = access === 'metrics' ? metrics : api;
    if (expected === null) return access === 'steer' ? 'steering_closed' : null;
    const token = BEARER.exec(authorization ?? '')?.[1];
    const matches = token !== undefined && timingSafeEqual(digest(token), expected);
    return matches ? null : 'unauthorized';
  };
}
