// What Twilio signs: the URL that it called, followed by the fields of the form; or the URL alone, which then holds the hash of the body.
import { createHmac, hash } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import { FORM_FIELDS_MAX, type Form, formOf, hasTooManyFields } from '../form.ts';
import type { Keys, Post, Verdict } from '../scheme.ts';
import { type SignatureHeader, headerText, signaturesIn } from '../signature-header.ts';
import { absentHint, formHint } from '../signature-hints.ts';
import { isSame } from '../signature.ts';

const HEADER: SignatureHeader = {
  header: 'X-Twilio-Signature',
  form: { prefix: '' },
  hash: 'sha1',
  encoding: 'base64',
};
/** The parameter of the URL that holds the hash of a body that is no form. */
const BODY_HASH = 'bodySHA256';
/** Up to this size of a body it is tried which other URL a refused post was signed for. Real posts are smaller. */
const EXPLAINED_BYTES_MAX = 65_536;

type Refused = Extract<Verdict, { fault: unknown }>;

/**
 * Verifies a post that was sent to `publicUrl`, whose query string is that of the request. Twilio signs the URL with its port or without,
 * and its query as it is or encoded again: each form is accepted, as the package of Twilio accepts it. Never throws.
 */
export function verifyTwilio(publicUrl: string, post: Post, keys: Keys): Verdict {
  const header = headerText(post, HEADER.header);
  if (header === null) return { fault: 'missing', hint: absentHint(HEADER.header, post) };
  const [signature] = signaturesIn(header, HEADER);
  if (signature === undefined) return { fault: 'malformed', hint: formHint(header, HEADER) };
  const fields = signedFields(post);
  if ('hint' in fields) return fields;
  const signs = (key: Buffer | null, url: string): boolean =>
    key !== null &&
    signedUrls(url, post.query).some((one) =>
      isSame(signature, signatureOf(key, one, fields.bytes)),
    );
  if (signs(keys.current, publicUrl)) return { signedWith: 'current' };
  if (signs(keys.previous, publicUrl)) return { signedWith: 'previous' };
  const hint = mismatchHint(publicUrl, post, (url) => signs(keys.current, url));
  return { fault: 'mismatch', hint };
}

/** Returns what a post was signed for instead, as far as that can be found out. */
function mismatchHint(
  publicUrl: string,
  post: Post,
  signs: (url: string) => boolean,
): string | null {
  if (post.body.length > EXPLAINED_BYTES_MAX) return null;
  const other = otherUrls(publicUrl, headerText(post, 'host')).find(([url]) => signs(url));
  if (other !== undefined) return other[1];
  return isJson(post.body.toString('latin1', 0, 64)) && !formOf(post.query).has(BODY_HASH)
    ? `the body is JSON, and the URL has no ${BODY_HASH}: is its query removed?`
    : null;
}

/** Whether a body is JSON rather than a form. */
export function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

/** Returns the value of the header with which Twilio would send this body, and the query string that it would add. */
export function signTwilio(
  publicUrl: string,
  body: Buffer,
  key: Buffer,
  isForm: boolean,
): { readonly header: string; readonly signature: string; readonly query: string } {
  const own = publicUrl.split('?').slice(1).join('?');
  const hashed = isForm ? '' : `${BODY_HASH}=${hash('sha256', body)}`;
  const query = [own, hashed].filter((part) => part !== '').join('&');
  const fields = isForm ? fieldsText(formOf(body.toString('utf8'))) : '';
  const signature = signatureOf(key, urlWith(publicUrl, query), Buffer.from(fields));
  return { header: HEADER.header, signature, query };
}

/** Returns the fields in the order in which they are signed: names sorted, of each the distinct values sorted. */
export function fieldsText(form: Form): string {
  return [...form.keys()]
    .toSorted()
    .flatMap((name) => [...new Set(form.get(name))].toSorted().map((value) => name + value))
    .join('');
}

/** Returns what is signed after the URL, in UTF-8, or what is wrong with the body. */
function signedFields({ query, body }: Post): { readonly bytes: Buffer } | Refused {
  const expected = formOf(query).get(BODY_HASH)?.[0];
  if (expected === undefined)
    return hasTooManyFields(body)
      ? { fault: 'malformed', hint: `the form has more than ${FORM_FIELDS_MAX} fields` }
      : { bytes: Buffer.from(fieldsText(formOf(body.toString('utf8')))) };
  return isSame(expected, hash('sha256', body))
    ? { bytes: Buffer.alloc(0) }
    : { fault: 'mismatch', hint: `the body is not that of ${BODY_HASH} in the URL` };
}

function signatureOf(key: Buffer, url: string, fields: Buffer): string {
  return createHmac('sha1', key).update(url, 'utf8').update(fields).digest('base64');
}

/** Returns the forms of a URL that may have been signed. */
function signedUrls(publicUrl: string, query: string): readonly string[] {
  const asItCame = urlWith(publicUrl, query);
  const { href, search } = new URL(asItCame);
  const bases = [asItCame, href];
  if (search !== '')
    bases.push(
      `${href.slice(0, -search.length)}?${stringify(parse(search.slice(1), '&', '=', EVERY_PARAMETER))}`,
    );
  return [...new Set(bases.flatMap((url) => [withoutPort(url), withPort(url)]))];
}

/** By default only the first thousand parameters are read: then the signature would say nothing of the others. */
const EVERY_PARAMETER = { maxKeys: 0 };
const ORIGIN = /^(https?):\/\/([^/?#]*?)(?::[0-9]*)?(?=[/?#]|$)/i;

function urlWith(url: string, query: string): string {
  const [base = ''] = url.split('?');
  return query === '' ? base : `${base}?${query}`;
}

function withoutPort(url: string): string {
  return url.replace(ORIGIN, '$1://$2');
}

function withPort(url: string): string {
  return url.replace(ORIGIN, (origin, protocol: string, host: string) => {
    if (origin !== `${protocol}://${host}`) return origin;
    return `${origin}:${protocol.toLowerCase() === 'https' ? 443 : 80}`;
  });
}

/** Returns URLs that are easily taken for the public one, each with what to do. */
function otherUrls(
  publicUrl: string,
  host: string | null,
): readonly (readonly [url: string, hint: string])[] {
  const [base = ''] = publicUrl.split('?');
  const slash = base.endsWith('/') ? base.slice(0, -1) : `${base}/`;
  const protocol = base.replace(/^https?/i, (own) => (own.length === 5 ? 'http' : 'https'));
  const signed = 'it is signed for the URL';
  const urls: [string, string][] = [
    [slash, `${signed} ${slash.length > base.length ? 'with' : 'without'} a slash at its end`],
    [protocol, `${signed} with ${protocol.slice(0, protocol.indexOf(':'))}`],
  ];
  // Not every text of this form is a host: a number may be no IPv4 address, or no port.
  if (host !== null && /^[\w.-]+(?::[0-9]+)?$/.test(host) && URL.canParse(`http://${host}`))
    urls.push([base.replace(ORIGIN, `$1://${host}`), `${signed} with the host of the request`]);
  return urls.map(([url, hint]) => [url, `${hint}: PUBLIC_URL is to be what Twilio calls`]);
}
