// What the schemes have in common whose posts are one event each: how such an event is made of a body, and what they answer.
import { hash } from 'node:crypto';
import type { Delivery, EventItem } from '../model/item.ts';
import { bodyText } from './body.ts';
import { instantOf } from './instants.ts';
import { columnName, contentOf, itemId, unparsed } from './items.ts';
import { RawJson } from './raw-json.ts';
import type { Keys, Receiver } from './scheme.ts';
import type { SignatureScheme } from './signature.ts';

/** The type of an event for which the provider, or the settings of the source, name none. */
const UNNAMED = 'event';

/** What a scheme reads of an event. */
export interface EventFields {
  /** The provider's id; null where there is none: then the hash of the body is the id. */
  readonly id: string | null;
  readonly type: string | null;
  /** What may be a time, in any form that `instantOf` reads; the arrival stands for anything else. */
  readonly time: unknown;
  /** The text that is equal for equal content; the payload where it is absent. */
  readonly content?: string;
}

/**
 * Returns the event that a body is. `jsonIn` finds the JSON in the text of a body, and returns null where there is none: then the event is
 * `unparsed`. `read` says what is in it. `bodyBytesMax`: the most bytes of a body that came compressed.
 */
export function singleEvent(
  delivery: Delivery,
  bodyBytesMax: number,
  read: (json: RawJson) => EventFields,
  jsonIn: (text: string) => RawJson | null = (text) => RawJson.parse(text),
): EventItem {
  const text = bodyText(delivery, bodyBytesMax);
  const json = text === null ? null : jsonIn(text);
  if (text === null || json === null) return unparsed(delivery, delivery.body);
  return eventOf(delivery, text, json, read(json));
}

/** Returns the event of these fields. `text`: the body; `json`: what is kept of it as payload. */
export function eventOf(
  delivery: Delivery,
  text: string,
  json: RawJson,
  { id, type, time, content }: EventFields,
): EventItem {
  return {
    event_id: itemId(delivery.source, id ?? hash('sha256', text)),
    type: type === null ? UNNAMED : columnName(type),
    subject: null,
    ts: instantOf(time) ?? delivery.receivedAt,
    payload: json.text,
    content: contentOf(content ?? json.text),
    delivery,
  };
}

/** Headers that tell what the bytes of a body are. */
const BODY_HEADERS = ['content-type', 'content-encoding'];

/**
 * Returns the receiver of posts that are answered with `{"status":"ok"}`.
 * `headers`: those that are kept with a delivery beside the ones about its body. `also`: what the provider sends beside the signature.
 */
export function receiverOf(
  signature: SignatureScheme,
  keys: Keys,
  decode: Receiver['decode'],
  headers: readonly string[],
  also: (at: {
    readonly nowMs: number;
    readonly id: string;
  }) => Record<string, string> = () => ({}),
): Receiver {
  return {
    verify: (post, nowMs) => signature.verify(post, keys, nowMs),
    headers: [...BODY_HEADERS, ...headers],
    decode,
    stored: { contentType: 'application/json', body: '{"status":"ok"}' },
    handshake: null,
    sign: (body, at) => ({
      headers: {
        'Content-Type': contentType(body),
        ...also(at),
        ...signature.sign(body, keys.current, at),
      },
      query: '',
    }),
  };
}

function contentType(body: Buffer): string {
  return looksLikeForm(body.toString('latin1', 0, 300))
    ? 'application/x-www-form-urlencoded'
    : 'application/json';
}

/** Whether a body is a form rather than JSON: it begins with a name. */
export function looksLikeForm(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,256}=/.test(text);
}
