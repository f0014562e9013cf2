// Sources with a secret of their own, and posts to them, for the suites about signatures.
import * as fc from 'fast-check';
import type { SchemeName } from '../../app/model/source.ts';
import { schemeOf } from '../../app/sources/registry.ts';
import type { Post, Receiver, SourceSettings, Verdict } from '../../app/sources/scheme.ts';

/** The time of arrival, in seconds and milliseconds since 1970; inside a second, as it usually is. */
export const NOW = 1_769_990_000;
export const NOW_MS = NOW * 1000 + 421;
export const ID = 'msg_TEST0001';
const BODY_BYTES_MAX = 4_194_304;

/** Returns a source named `src` whose secrets are in the notation of the provider. */
export function sourceOf(
  scheme: SchemeName,
  secret: string,
  settings: SourceSettings = {},
  previous: string | null = null,
): Receiver {
  const chosen = schemeOf(scheme);
  const keys = {
    current: chosen.key(Buffer.from(secret)),
    previous: previous === null ? null : chosen.key(Buffer.from(previous)),
  };
  return chosen.receiver('src', keys, settings, BODY_BYTES_MAX);
}

/** Returns a post as Node has it: the names of its headers in lower case. */
export function postOf(
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: string | Uint8Array,
): Post {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    headers: Object.fromEntries(lower) as Post['headers'],
    body: Buffer.from(body),
    query: '',
  };
}

/** Returns a post that the source itself signed at this time. */
export function signedPost(source: Receiver, body: string | Uint8Array, nowMs = NOW_MS): Post {
  return postOf(source.sign(Buffer.from(body), { nowMs, id: ID }).headers, body);
}

/** Whether a post is accepted, with whichever key. */
export function accepts(verdict: Verdict): boolean {
  return 'signedWith' in verdict;
}

/** Bodies as providers send them and as they do not: JSON with and without escapes, forms, any text. Not empty. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom('\\', '"', '\u00e9', 'e\u0301', '😀', '\0', '\n', '.', ':'),
    minLength: 1,
  }),
  fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'Body'), fc.string({ unit: 'binary' })), {
      minLength: 1,
    })
    .map((fields) => new URLSearchParams(fields).toString()),
  fc.constantFrom(
    '\ufeff{}',
    ' {"a":1}\r\n',
    '{"text":"Ol\\u00e1 \\ud83d\\ude00","mime":"image\\/jpeg","empty":""}',
    'a=1&a=2&a=&b',
    `${NOW}.{}`,
    'null',
  ),
);

/** Any bytes, also such as are no text. */
export const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  texts.map((text) => Buffer.from(text)),
);
