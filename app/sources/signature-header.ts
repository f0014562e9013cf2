// How a signature is written in a header: behind a prefix, or as elements of a list; in hexadecimal or base64.
import type { Post } from './scheme.ts';

export const HASHES = ['sha1', 'sha256', 'sha512'] as const;

export type Hash = (typeof HASHES)[number];

/** `hex`: lower case; `anyHex`: either case; `base64`: that of RFC 4648, padded. */
export type Encoding = 'hex' | 'anyHex' | 'base64';

/** A value of several elements, each a name and a text: `t=1,v1=ab,v1=cd`, or `v1,ab v1,cd`. */
export interface Elements {
  /** Between two elements. */
  readonly between: ',' | ' ';
  /** Between the name and the text of an element. */
  readonly after: '=' | ',';
  /** The name of those that are signatures: any of them may be the valid one. Elements of other names are ignored. */
  readonly name: string;
}

/** Behind a prefix, which may be empty, or as elements. */
export type Form = { readonly prefix: string } | { readonly elements: Elements };

/** Where a signature is, and how it is written. */
export interface SignatureHeader {
  /** The name of the header as the provider writes it. */
  readonly header: string;
  readonly form: Form;
  readonly hash: Hash;
  readonly encoding: Encoding;
}

const HASH_BYTES: Readonly<Record<Hash, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** Returns the value of a header; null where it is absent or empty. Repeated ones are joined with a comma, as Node joins them. */
export function headerText(post: Post, name: string): string | null {
  const key = name.toLowerCase();
  if (!Object.hasOwn(post.headers, key)) return null;
  const value = post.headers[key];
  const text = typeof value === 'string' ? value : (value ?? []).join(', ');
  return text === '' ? null : text;
}

/** Returns the signatures of a header: the texts that have the form of a digest, as digests are written here. */
export function signaturesIn(header: string, { form, hash, encoding }: SignatureHeader): string[] {
  const digest = digestPattern(hash, encoding);
  const texts = textsOf(header, form).filter((text) => digest.test(text));
  return encoding === 'anyHex' ? texts.map((text) => text.toLowerCase()) : texts;
}

function textsOf(header: string, form: Form): string[] {
  if ('elements' in form) return elementTexts(header, form.elements, form.elements.name);
  return header.startsWith(form.prefix) ? [header.slice(form.prefix.length)] : [];
}

/** Returns the texts of the elements of this name. */
export function elementTexts(header: string, elements: Elements, name: string): string[] {
  const start = `${name}${elements.after}`;
  return header
    .split(elements.between)
    .filter((element) => element.startsWith(start))
    .map((element) => element.slice(start.length));
}

/** The form of a digest: only its canonical length and alphabet. */
export function digestPattern(hash: Hash, encoding: Encoding): RegExp {
  const bytes = HASH_BYTES[hash];
  if (encoding === 'hex') return new RegExp(`^[0-9a-f]{${bytes * 2}}$`);
  if (encoding === 'anyHex') return new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`);
  const padding = (3 - (bytes % 3)) % 3;
  const digits = Math.ceil(bytes / 3) * 4 - padding;
  return new RegExp(`^[A-Za-z0-9+/]{${digits}}={${padding}}$`);
}

/** Returns the value of the header for this digest. `timed`: the name of the element for the time, null where there is none. */
export function writtenSignature(
  digest: string,
  form: Form,
  timed: string | null,
  timestamp: string,
): string {
  if ('prefix' in form) return `${form.prefix}${digest}`;
  const { between, after, name } = form.elements;
  const time = timed === null ? '' : `${timed}${after}${timestamp}${between}`;
  return `${time}${name}${after}${digest}`;
}
