// The request of an attempt: an item as JSON with the signature of Standard Webhooks, or a delivery as its provider sent it.
import { createHmac } from 'node:crypto';
import type { ForwardSettings } from '../model/forward.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';
import type { ForwardContent, ForwardEntry } from '../storage/store.ts';

export interface AttemptRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** What an attempt is made of. */
export interface AttemptOf {
  readonly entry: ForwardEntry;
  readonly content: ForwardContent;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Headers of a delivery that belong to one connection, or that the request sets itself. */
const OWN = new Set(['content-length', 'host', 'connection', 'transfer-encoding', 'user-agent']);

/** Returns the request. `userAgent`: the name and version of this program; `nowMs`: the time of the attempt. */
export function requestOf(
  { keys }: Pick<ForwardSettings, 'keys'>,
  { entry, content, attempt }: AttemptOf,
  userAgent: string,
  nowMs: number,
): AttemptRequest {
  const body = 'delivery' in content ? content.delivery.body : bodyOf(entry, content);
  const timestamp = String(Math.floor(nowMs / 1_000));
  // A header holds ASCII only, and the id of an item may be any text.
  const id = encodeURI(entry.id.toWellFormed());
  return {
    body,
    headers: {
      ...(content !== null && 'delivery' in content
        ? sentHeaders(content.delivery.headers)
        : { 'content-type': 'application/json' }),
      'user-agent': userAgent,
      'oncebox-seq': String(entry.seq),
      'oncebox-attempt': String(attempt),
      ...(keys === null ? {} : signed(keys, { id, timestamp, body })),
    },
  };
}

/** The JSON of an item. Its payload is as the provider wrote it. */
function bodyOf(
  entry: ForwardEntry,
  content: Exclude<ForwardContent, { delivery: unknown }>,
): string {
  const row = 'message' in content ? content.message : content.event;
  const { payload, created_at: received_at, seq, ts } = row;
  const source = row.source ?? DEFAULT_SOURCE;
  const data =
    'message' in content
      ? (({ message_id, kind, from, to, text }) => ({
          message_id,
          source,
          kind,
          from,
          to,
          ts,
          text,
          seq,
          received_at,
        }))(content.message)
      : (({ event_id, type, subject }) => ({
          event_id,
          source,
          type,
          subject,
          ts,
          seq,
          received_at,
        }))(content.event);
  const json = JSON.stringify(data);
  return `{"type":${JSON.stringify(entry.type)},"timestamp":${JSON.stringify(ts)},"data":${json.slice(0, -1)},"payload":${payload ?? 'null'}}}`;
}

function sentHeaders(headers: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(headers.filter(([name]) => !OWN.has(name)));
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
    'webhook-signature': [current, previous]
      .filter((key) => key !== null)
      .map(signature)
      .join(' '),
  };
}
