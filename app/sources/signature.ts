// The signature of a post in five parts: the header and how it is written there, the signed bytes, the hash, the encoding, the tolerance.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignatureFault } from '../model/source.ts';
import { inflated } from './items.ts';
import type { Keys, Post, Verdict } from './scheme.ts';
import {
  type SignatureHeader,
  elementTexts,
  headerText,
  signaturesIn,
  writtenSignature,
} from './signature-header.ts';
import { absentHint, formHint, timeHint } from './signature-hints.ts';

/** The time that is signed, in seconds since 1970. */
interface SignedTime {
  /** Where it is: in a header of its own, or in the element of this name. */
  readonly at: { readonly header: string } | { readonly element: string };
  /** A post whose time is not further from that of arrival is accepted. */
  readonly toleranceSeconds: number;
  /** Whether that also bounds a time after the arrival; otherwise each such time is accepted. */
  readonly boundsFuture: boolean;
  /** Whether a number of 12 digits or more counts milliseconds. */
  readonly milliseconds: boolean;
}

export interface SignatureParts extends SignatureHeader {
  /** What is signed: a template of `{body}`, `{timestamp}` and `{id}`; everything else stands for itself. */
  readonly signed: string;
  /** Required where `signed` has `{timestamp}`. */
  readonly time: SignedTime | null;
  /** The header of `{id}`; required where `signed` has it. */
  readonly idHeader: string | null;
  /**
   * Null where the sender signs the bytes that it sends. Where it may also sign before it compresses: the most bytes that may come out of
   * a compressed body.
   */
  readonly inflatedBytesMax: number | null;
}

/** The parts of a signature over the body alone, of its bytes as they are sent. */
export const OF_THE_BODY = {
  signed: '{body}',
  time: null,
  idHeader: null,
  inflatedBytesMax: null,
} as const;

export interface SignatureScheme {
  /** Constant-time; the current key is tried first. `nowMs`: the time of arrival. Never throws. */
  verify(post: Post, keys: Keys, nowMs: number): Verdict;
  /** Returns the headers with which a body is signed with this key. `id` is used where the parts have a header for it. */
  sign(
    body: Uint8Array,
    key: Uint8Array,
    at: { readonly nowMs: number; readonly id: string },
  ): Record<string, string>;
}

/** No real time has more digits, and a number of these is exact. */
const TIMESTAMP = /^[0-9]{1,15}$/;
const MILLISECONDS_MIN = 1e11;
const PLACEHOLDERS = /(\{(?:body|timestamp|id)\})/;

/** What stands in the template. Texts of headers are the bytes that came: Node reads each byte as one character. */
interface Signed {
  readonly body: Uint8Array;
  readonly timestamp: string;
  readonly id: string;
}

/** What a post says of its signature. */
interface Claim {
  /** At least one; they have the form of a digest. */
  readonly signatures: readonly string[];
  /** Digits; empty where no time is signed. */
  readonly timestamp: string;
  readonly id: string;
}

interface Refused {
  readonly fault: SignatureFault;
  readonly hint: string | null;
}

/** Returns the signature scheme of these parts. */
export function signatureScheme(parts: SignatureParts): SignatureScheme {
  const template = parts.signed.split(PLACEHOLDERS);
  return {
    verify(post, keys, nowMs) {
      const claim = claimOf(parts, post);
      if ('fault' in claim) return claim;
      const signedWith = signingKey(parts, template, claim, keys, post);
      if (signedWith === null) return { fault: 'mismatch', hint: null };
      return timeFault(parts.time, claim.timestamp, nowMs) ?? { signedWith };
    },
    sign(body, key, { nowMs, id }) {
      const timestamp = String(Math.floor(nowMs / 1000));
      const digest = digestOf(parts, template, key, { body, timestamp, id });
      return signedHeaders(parts, digest, timestamp, id);
    },
  };
}

/** Reads what is needed to verify, or says what is wrong with the form of it. The form is public: an early answer tells nothing. */
function claimOf(parts: SignatureParts, post: Post): Claim | Refused {
  const header = headerText(post, parts.header);
  if (header === null) return { fault: 'missing', hint: absentHint(parts.header, post) };
  const signatures = signaturesIn(header, parts);
  if (signatures.length === 0) return { fault: 'malformed', hint: formHint(header, parts) };
  const timestamp = parts.time === null ? '' : timestampIn(post, header, parts, parts.time);
  if (timestamp === null) return missing(parts.time);
  if (parts.time !== null && !TIMESTAMP.test(timestamp))
    return { fault: 'malformed', hint: 'the signed time is not a number of digits' };
  const id = parts.idHeader === null ? '' : headerText(post, parts.idHeader);
  if (id === null) return { fault: 'missing', hint: `there is no header ${parts.idHeader}` };
  return { signatures, timestamp, id };
}

function missing(time: SignedTime | null): Refused {
  return time !== null && 'header' in time.at
    ? { fault: 'missing', hint: `there is no header ${time.at.header}` }
    : { fault: 'malformed', hint: 'there is no time beside the signature' };
}

function timestampIn(
  post: Post,
  header: string,
  { form }: SignatureParts,
  { at }: SignedTime,
): string | null {
  if ('header' in at) return headerText(post, at.header);
  return 'elements' in form
    ? (elementTexts(header, form.elements, at.element).at(-1) ?? null)
    : null;
}

/** Returns the key that made one of the signatures. A compressed body is inflated only where its bytes as they came are not what was signed. */
function signingKey(
  parts: SignatureParts,
  template: readonly string[],
  claim: Claim,
  keys: Keys,
  post: Post,
): 'current' | 'previous' | null {
  const signs = (key: Uint8Array | null, body: Uint8Array): boolean =>
    key !== null && matches(claim.signatures, digestOf(parts, template, key, { ...claim, body }));
  if (signs(keys.current, post.body)) return 'current';
  if (signs(keys.previous, post.body)) return 'previous';
  const encoding = headerText(post, 'content-encoding');
  if (encoding === null || parts.inflatedBytesMax === null) return null;
  const body = inflated(post.body, encoding, parts.inflatedBytesMax);
  if (body === null) return null;
  if (signs(keys.current, body)) return 'current';
  return signs(keys.previous, body) ? 'previous' : null;
}

function digestOf(
  { hash, encoding }: SignatureParts,
  template: readonly string[],
  key: Uint8Array,
  { body, timestamp, id }: Signed,
): string {
  const hmac = createHmac(hash, key);
  for (const piece of template) {
    if (piece === '{body}') hmac.update(body);
    else if (piece === '{timestamp}') hmac.update(timestamp, 'latin1');
    else if (piece === '{id}') hmac.update(id, 'latin1');
    else hmac.update(piece, 'utf8');
  }
  return hmac.digest(encoding === 'base64' ? 'base64' : 'hex');
}

/**
 * Whether one of the signatures is this digest, in constant time for each. They are compared as texts, so that only the canonical encoding
 * of a digest is accepted.
 */
function matches(signatures: readonly string[], digest: string): boolean {
  return signatures.some((signature) => isSame(signature, digest));
}

/** Whether a text that was sent is the expected one, in constant time but for its length. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Null where no time is signed, or it is near enough to that of arrival; a distance of exactly the tolerance is. */
function timeFault(time: SignedTime | null, timestamp: string, nowMs: number): Refused | null {
  if (time === null) return null;
  const number = Number(timestamp);
  const counted = time.milliseconds && number >= MILLISECONDS_MIN ? number / 1000 : number;
  const ageSeconds = Math.floor(nowMs / 1000) - Math.floor(counted);
  const distance = time.boundsFuture ? Math.abs(ageSeconds) : ageSeconds;
  if (distance <= time.toleranceSeconds) return null;
  return { fault: 'timestamp', hint: timeHint(ageSeconds, time.toleranceSeconds) };
}

function signedHeaders(
  parts: SignatureParts,
  digest: string,
  timestamp: string,
  id: string,
): Record<string, string> {
  const { time, idHeader } = parts;
  const element = time !== null && 'element' in time.at ? time.at.element : null;
  const headers: [string, string][] = idHeader === null ? [] : [[idHeader, id]];
  if (time !== null && 'header' in time.at) headers.push([time.at.header, timestamp]);
  headers.push([parts.header, writtenSignature(digest, parts.form, element, timestamp)]);
  return Object.fromEntries(headers);
}
