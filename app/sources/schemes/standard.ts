// Standard Webhooks, also as Svix writes its headers: id, time and a list of signatures. Each post is one event; its type is in the body.
import { keptHeader, member, textMember } from '../body.ts';
import type { Delivery } from '../../model/item.ts';
import { instantOf } from '../instants.ts';
import type { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import { type Scheme, UnusableSetting } from '../scheme.ts';
import { literalKey } from '../secret-text.ts';
import { headerText } from '../signature-header.ts';
import { type SignatureScheme, signatureScheme } from '../signature.ts';
import { type EventFields, singleEvent } from '../single-event.ts';
import { TOLERANCE, toleranceOf } from '../tolerance.ts';

/** How the names of the three headers begin. Each set is signed by itself: they are never mixed. */
const PREFIXES = ['webhook-', 'svix-'] as const;
const PARTS = ['id', 'timestamp', 'signature'] as const;
const [SPECIFIED] = PREFIXES;
type Prefix = (typeof PREFIXES)[number];

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const STANDARD: Scheme = {
  name: 'standard',
  settings: [TOLERANCE],
  key: keyOf,
  receiver(_source, keys, settings, bodyBytesMax) {
    const toleranceSeconds = toleranceOf(settings);
    const schemes: Readonly<Record<Prefix, SignatureScheme>> = {
      'webhook-': withHeaders('webhook-', toleranceSeconds),
      'svix-': withHeaders('svix-', toleranceSeconds),
    };
    const receiver = receiverOf(
      schemes[SPECIFIED],
      keys,
      (delivery) => ({
        items: [singleEvent(delivery, bodyBytesMax, (json) => fieldsOf(delivery, json))],
      }),
      PREFIXES,
    );
    return {
      ...receiver,
      verify: (post, nowMs) =>
        schemes[prefixOf((name) => headerText(post, name))].verify(post, keys, nowMs),
    };
  },
};

function withHeaders(prefix: Prefix, toleranceSeconds: number): SignatureScheme {
  return signatureScheme({
    header: `${prefix}signature`,
    // Elements of other versions, such as v1a of asymmetric keys, are ignored.
    form: { elements: { between: ' ', after: ',', name: 'v1' } },
    signed: '{id}.{timestamp}.{body}',
    hash: 'sha256',
    encoding: 'base64',
    time: {
      at: { header: `${prefix}timestamp` },
      toleranceSeconds,
      boundsFuture: true,
      milliseconds: false,
    },
    idHeader: `${prefix}id`,
    inflatedBytesMax: null,
  });
}

/**
 * Returns which headers count: those of a complete set, else those of which there is one. Verifying and reading must agree on it: an id
 * that is not signed would make a repeated post look new.
 */
function prefixOf(header: (name: string) => string | null): Prefix {
  const has = (prefix: Prefix, name: string): boolean => header(`${prefix}${name}`) !== null;
  return (
    PREFIXES.find((prefix) => PARTS.every((name) => has(prefix, name))) ??
    PREFIXES.find((prefix) => PARTS.some((name) => has(prefix, name))) ??
    SPECIFIED
  );
}

function fieldsOf(delivery: Delivery, { value }: RawJson): EventFields {
  const header = (name: string): string | null => keptHeader(delivery, name);
  const prefix = prefixOf(header);
  return {
    id: header(`${prefix}id`),
    type: textMember(value, 'type'),
    // The time in the header is that of the attempt, not of the event.
    time: instantOf(member(value, 'timestamp')) ?? header(`${prefix}timestamp`),
  };
}

const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/** Returns the bytes that a secret holds in base64, behind `whsec_` or alone. */
function keyOf(secret: Buffer): Buffer {
  const text = literalKey(secret, [
    [/^v1,/, 'not a secret with "v1," before it: leave that out, so that it begins with whsec_'],
    [/^whsk_/, 'a private key for asymmetric signatures, which are not supported'],
    [/^whpk_/, 'a public key for asymmetric signatures, which are not supported'],
  ]).toString('utf8');
  const digits = text.replace(/^whsec_/, '');
  if (!isBase64(digits))
    throw new UnusableSetting('SECRET', 'is not base64, which follows whsec_ in such a secret');
  const key = Buffer.from(digits, 'base64');
  if (key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX) return key;
  throw new UnusableSetting(
    'SECRET',
    `holds ${key.length} bytes in base64, where ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} are expected: is it complete?`,
  );
}

/** Base64 of RFC 4648; its padding may be left out. */
function isBase64(text: string): boolean {
  const digits = text.replace(/={1,2}$/, '');
  const padded = digits.length < text.length;
  return (
    /^[A-Za-z0-9+/]+$/.test(digits) && (padded ? text.length % 4 === 0 : digits.length % 4 !== 1)
  );
}
