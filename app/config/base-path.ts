// BASE_PATH: the prefix under which a reverse proxy serves Oncebox.
import { ConfigError } from './config-error.ts';

const LENGTH_MAX = 256;
/** Segments of the characters that RFC 3986, section 3.3, allows in a path, with or without a slash at the end. */
const SEGMENTS = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)+\/?$/;
/** First segments of Oncebox's own paths: under a prefix that begins with one, a request could mean two things. */
const OWN = [
  'assets',
  'delivery',
  'docs',
  'event',
  'events',
  'forwards',
  'health',
  'icon.svg',
  'message',
  'messages',
  'metrics',
  'openapi.json',
  'sources',
  'stats',
  'webhook',
];

/** Returns the prefix without a slash at its end: empty for `/`. Throws ConfigError. */
export function readBasePath(value: string): string {
  if (value === '/') return '';
  const refused = (reason: string): ConfigError =>
    new ConfigError(`BASE_PATH ${reason}, not ${JSON.stringify(value.slice(0, 64))}`);
  if (!value.startsWith('/')) throw refused('must begin with /, such as /inbox');
  if (value.length > LENGTH_MAX) throw refused(`must have at most ${LENGTH_MAX} characters`);
  if (!SEGMENTS.test(value))
    throw refused('must be a path such as /inbox, without // and without a query or fragment');
  const path = value.replace(/\/$/, '');
  const segments = path.slice(1).split('/').map(decoded);
  if (segments.some((segment) => segment === '.' || segment === '..'))
    throw refused('must not have . or .. as a segment');
  if (segments.some((segment) => /[/\\\0]/.test(segment)))
    throw refused('must not have an encoded slash, backslash or NUL');
  const [first = ''] = segments;
  if (OWN.includes(first))
    throw refused(`must not begin with /${first}, which is a path of Oncebox itself`);
  return path;
}

/** Segments are compared as a proxy may decode them. Only ASCII matters here. */
function decoded(segment: string): string {
  return segment.replace(/%[0-7][0-9A-Fa-f]/g, (triplet) =>
    String.fromCharCode(Number.parseInt(triplet.slice(1), 16)),
  );
}
