// The request of an attempt: an item as JSON with the signature of Standard Webhooks, or a delivery as its provider sent it.
import { createHmac } from 'node:crypto';
import type { ForwardSettings } from '../model/forward.ts';
import type { Delivery } from '../model/item.ts';
import { eventJson, extended, messageItemJson } from '../storage/item-json.ts';
import type { ForwardContent, ForwardEntry } from '../storage/store.ts';

export interface AttemptRequest {
  /** A header with several values is sent several times. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Uint8Array;
}

/** What an attempt is made of. */
export interface AttemptOf {
  readonly entry: ForwardEntry;
  readonly content: ForwardContent;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Headers of a delivery that are about its connection (RFC 9110, section 7.6.1), or that the request sets itself. */
const OWN = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const SIGNATURE = 'webhook-signature';

/** Returns the request. `userAgent`: the name and version of this program; `nowMs`: the time of the attempt. */
export function requestOf(
  { keys }: Pick<ForwardSettings, 'keys'>,
  { entry, content, attempt }: AttemptOf,
  userAgent: string,
  nowMs: number,
): AttemptRequest {
  const own = {
    'user-agent': userAgent,
    'oncebox-seq': String(entry.seq),
    'oncebox-attempt': String(attempt),
  };
  const raw = 'delivery' in content;
  const body = raw ? content.delivery.body : bodyOf(entry, content);
  const headers = raw ? headersOf(content.delivery) : { 'content-type': 'application/json' };
  // The signature of a provider that signs in the same way is passed on.
  if (keys === null || Object.hasOwn(headers, SIGNATURE))
    return { headers: { ...headers, ...own }, body };
  const timestamp = String(Math.floor(nowMs / 1_000));
  // A header holds ASCII only, and the id of an item may be any text.
  const id = encodeURI(entry.id.toWellFormed());
  return { headers: { ...headers, ...own, ...signed(keys, { id, timestamp, body }) }, body };
}

/** The JSON of an item. Its payload is as the provider wrote it. */
function bodyOf(
  { type }: ForwardEntry,
  content: Exclude<ForwardContent, { delivery: unknown }>,
): string {
  const { row, json } =
    'message' in content
      ? { row: content.message, json: messageItemJson(content.message) }
      : { row: content.event, json: eventJson(content.event) };
  const data = extended(json, { payload: row.payload ?? 'null' });
  return extended(JSON.stringify({ type, timestamp: row.ts }), { data });
}

function headersOf({ headers }: Delivery): Record<string, string | string[]> {
  const values = Map.groupBy(
    headers.filter(([name]) => !OWN.has(name)),
    ([name]) => name,
  );
  return Object.fromEntries(
    [...values].map(([name, same]) => [name, same.map(([, value]) => latin1(value))]),
  );
}

/** Node writes headers in Latin-1. Text that has other letters is sent as its bytes in UTF-8, as it would have come. */
function latin1(text: string): string {
  return /^[\0-\xFF]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; with both keys while receivers change over. */
function signed(
  { current, previous }: NonNullable<ForwardSettings['keys']>,
  { id, timestamp, body }: { id: string; timestamp: string; body: string | Uint8Array },
): Record<string, string> {
  const signature = (key: Uint8Array): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    [SIGNATURE]: [current, previous]
      .filter((key) => key !== null)
      .map(signature)
      .join(' '),
  };
}
