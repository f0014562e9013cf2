// The handshake with which Meta checks a URL: a GET request with a token that both sides know, answered with its challenge.
import { hash, timingSafeEqual } from 'node:crypto';

const CHALLENGE_UNITS_MAX = 256;
/** Control characters, of which a challenge has none. */
const CONTROL = /\p{Cc}/u;
const ESCAPES = /^(?:[^%]|%[0-9a-fA-F]{2})*$/;

/**
 * Returns the answer to the query string of a GET request: the challenge and nothing else, where the token is the right one.
 * Anything else is 403: a parameter that comes twice or is badly encoded, too, since readers of a query differ about those.
 */
export function handshake(
  query: string,
  token: string,
): { readonly status: 200 | 403; readonly body: string } {
  const parameters = parametersOf(query);
  const challenge = parameters?.get('hub.challenge') ?? '';
  const accepted =
    parameters?.get('hub.mode') === 'subscribe' &&
    isEqual(parameters.get('hub.verify_token') ?? '', token) &&
    isChallenge(challenge);
  return accepted ? { status: 200, body: challenge } : { status: 403, body: '' };
}

/** Compares in constant time. Of the hashes, so that the length of the token is not told either. */
function isEqual(given: string, token: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'));
}

function isChallenge(text: string): boolean {
  return text !== '' && text.length <= CHALLENGE_UNITS_MAX && !CONTROL.test(text);
}

/** Returns the parameters of a query string; null where one comes twice, or its percent-encoding is not that of UTF-8. */
function parametersOf(query: string): Map<string, string> | null {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    const [name = '', ...rest] = pair.split('=').map(decoded);
    if (name === null || rest.includes(null) || parameters.has(name)) return null;
    parameters.set(name, rest.join('='));
  }
  return parameters;
}

function decoded(text: string): string | null {
  if (!ESCAPES.test(text)) return null;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
