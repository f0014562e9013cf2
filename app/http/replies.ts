// Every reply that the service sends: each picks its status here; only the stream's 200 is written by `Exchange.open`.
import { formatSeconds } from '../model/instant.ts';
import type { DeliveryReceipt } from '../model/delivery-receipt.ts';
import type { EventPage } from '../model/event.ts';
import type { Delivery } from '../model/item.ts';
import type { MessageQuery, Page } from '../model/page.ts';
import type { Receipt } from '../model/receipt.ts';
import type { TimelineCounts, TimelineQuery } from '../model/timeline.ts';
import { UNAVAILABLE_REASONS, type UnavailableReason } from '../model/unavailable.ts';
import type { ValidationIssue } from '../model/validation-issue.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Asset, Encoding } from './assets.ts';
import type { PlainError } from './errors.ts';
import { NOSNIFF, PAGE_HEADERS } from './page-headers.ts';

/** A response before it is written: the bytes of the body and the headers beside Content-Type and Content-Length. */
export interface Reply<Body extends string | Buffer = string> {
  readonly status: number;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it is a 503: for the log and the metrics, never part of what is sent. */
  readonly reason?: UnavailableReason;
}

/** A client that went away before the response was written: nginx's number, which is logged and never sent. */
export const CLIENT_CLOSED_REQUEST = 499;
const RETRY_AFTER_SECONDS = '1';

function json(status: number, value: unknown, headers?: Reply['headers']): Reply {
  return { status, body: JSON.stringify(value), ...(headers === undefined ? {} : { headers }) };
}

/** Returns a 503 that says when to try again. */
function unavailable(reason: UnavailableReason, value: { readonly detail: string }): Reply {
  return { ...json(503, value, { 'Retry-After': RETRY_AFTER_SECONDS }), reason };
}

/** Codes whose reply is the same each time. */
export type SentError =
  Exclude<PlainError, 'client_closed_request' | 'not_ready'> | UnavailableReason;

/** The replies to all refusals and failures but two: the bodies of validation issues and of readiness differ each time. */
const ERRORS: Readonly<Record<SentError, Reply>> = {
  bad_request: json(400, { detail: 'Bad Request' }),
  invalid_signature: json(401, { detail: 'invalid signature' }),
  // RFC 6750, section 3: what to send, and nothing about what was wrong.
  unauthorized: json(401, { detail: 'unauthorized' }, { 'WWW-Authenticate': 'Bearer' }),
  handshake_refused: json(403, { detail: 'wrong verify token' }),
  steering_closed: json(403, { detail: 'set API_TOKEN: forwarding is steered with it only' }),
  not_found: json(404, { detail: 'Not Found' }),
  method_not_allowed: json(405, { detail: 'Method Not Allowed' }),
  request_timeout: json(408, { detail: 'Request Timeout' }),
  payload_too_large: json(413, { detail: 'payload too large' }),
  unsupported_media_type: json(415, { detail: 'Content-Type must be application/json' }),
  headers_too_large: json(431, { detail: 'Request Header Fields Too Large' }),
  internal_error: json(500, { detail: 'Internal Server Error' }),
  ...unavailableReplies(),
};

function unavailableReplies(): Record<UnavailableReason, Reply> {
  const replies = UNAVAILABLE_REASONS.map((reason) => {
    const detail = reason === 'too_many_streams' ? 'too many streams' : 'storage unavailable';
    return [reason, unavailable(reason, { detail })] as const;
  });
  return Object.fromEntries(replies) as Record<UnavailableReason, Reply>;
}

const STORED = json(200, { status: 'ok' });
export const LIVE = json(200, { status: 'live' });

/** Returns the reply to a refusal or a failure. */
export function errorReply(code: SentError): Reply {
  return ERRORS[code];
}

/** Returns the reply to a webhook, by its outcome. */
export function webhookReply(receipt: Receipt): Reply {
  switch (receipt.outcome) {
    case 'created':
    case 'duplicate':
      return STORED;
    case 'invalid_signature':
    case 'payload_too_large':
      return ERRORS[receipt.outcome];
    case 'validation_error':
      return invalid(receipt.issues);
    case 'unavailable':
      return ERRORS[receipt.reason ?? 'other'];
  }
}

/** Returns the reply to a post of a named source: the answer of its scheme where it was accepted, else as for any webhook. */
export function namedWebhookReply({ answer, outcome, reason }: DeliveryReceipt): Reply {
  if (answer !== null) return ofType(answer.contentType, answer.body);
  if (outcome === 'invalid_signature' || outcome === 'payload_too_large') return ERRORS[outcome];
  return ERRORS[reason ?? 'other'];
}

/** Returns the reply to a handshake that holds: the challenge, as the provider sent it, and nothing else. */
export function challengeReply(challenge: string): Reply {
  return ofType('text/plain; charset=utf-8', challenge);
}

/** Returns a text that the sender may have chosen: it is of this type whatever it looks like. */
function ofType(contentType: string, body: string): Reply {
  return { status: 200, body, headers: { 'Content-Type': contentType, ...NOSNIFF } };
}

/** Returns a 422 in FastAPI's shape. */
export function invalid(issues: readonly ValidationIssue[]): Reply {
  return json(422, { detail: issues });
}

/** Returns a 405. `methods` are those that the path has, for the `Allow` header (RFC 9110, section 15.5.6). */
export function methodNotAllowed(methods: readonly string[]): Reply {
  return { ...ERRORS.method_not_allowed, headers: { Allow: methods.join(', ') } };
}

/** Returns a page. `link` is the value of the Link header (RFC 8288). */
export function pageReply(
  page: Page,
  { limit, offset }: Pick<MessageQuery, 'limit' | 'offset'>,
  link: string,
): Reply<Buffer> {
  const body = Buffer.concat([
    Buffer.from('{"data":'),
    page.json,
    Buffer.from(`,"total":${page.total},"limit":${limit},"offset":${offset}}`),
  ]);
  return { status: 200, body, headers: { Link: link } };
}

/** Returns a page of events. `link` is the value of the Link header (RFC 8288). */
export function eventPageReply(page: EventPage, limit: number, link: string): Reply<Buffer> {
  const body = Buffer.concat([
    Buffer.from('{"data":'),
    page.json,
    Buffer.from(`,"limit":${limit}}`),
  ]);
  return { status: 200, body, headers: { Link: link } };
}

/** Returns one message or event, which the store has written as JSON; 404 where there is none. */
export function itemReply(item: Uint8Array | null): Reply | Reply<Buffer> {
  if (item === null) return ERRORS.not_found;
  return { status: 200, body: Buffer.from(item.buffer, item.byteOffset, item.byteLength) };
}

/** Proxies refuse responses with long headers: nginx by default those above 4 KiB, all headers together. */
const DELIVERY_HEADER_LENGTH_MAX = 3_072;

/**
 * Returns a delivery: its body as bytes, or the rest as JSON, which also comes with the body, in a header. The body is never shown by
 * a browser: it is whatever a provider wrote. 404 where there is none.
 */
export function deliveryReply(
  delivery: Delivery | null,
  part: 'body' | 'headers',
): Reply | Reply<Buffer> {
  if (delivery === null) return ERRORS.not_found;
  const { source, receivedAt, headers, body } = delivery;
  const about = { source, received_at: receivedAt, headers };
  const encoded = base64url(about);
  const known =
    encoded.length <= DELIVERY_HEADER_LENGTH_MAX ? encoded : base64url({ ...about, headers: null });
  if (part === 'headers') return json(200, about, { 'Oncebox-Delivery': known });
  return {
    status: 200,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': 'attachment',
      'X-Content-Type-Options': 'nosniff',
      'Oncebox-Delivery': known,
    },
  };
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function okJson(value: unknown): Reply {
  return json(200, value);
}

export function timelineReply(counts: TimelineCounts, query: TimelineQuery): Reply {
  return json(200, {
    from: formatSeconds(query.fromSeconds),
    to: formatSeconds(query.toSeconds),
    step: query.stepSeconds,
    counts,
  });
}

/** The headers of a stream. `X-Accel-Buffering` keeps nginx from holding events back. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
} as const;

/** Returns the state of each readiness check, as 503 where one does not hold. */
export function readyReply({ reason, checks }: Readiness): Reply {
  if (reason === null) return json(200, { status: 'ready', checks });
  const body = { detail: 'not ready', status: 'not ready', checks };
  return unavailable(reason, body);
}

export function metricsReply(text: string, contentType: string): Reply {
  return { status: 200, body: text, headers: { 'Content-Type': contentType } };
}

/**
 * Returns a file of the dashboard in one encoding, or 304 where `known`, the value of If-None-Match, is its tag.
 * Files named by their content never change.
 */
export function assetReply(asset: Asset, encoding: Encoding, known: string): Reply<Buffer> {
  const body = asset.bodies[encoding] ?? asset.bodies.identity;
  const headers = {
    'Content-Type': asset.contentType,
    'Cache-Control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: asset.etag,
    Vary: 'Accept-Encoding',
    ...(body === asset.bodies[encoding] && encoding !== 'identity'
      ? { 'Content-Encoding': encoding }
      : {}),
    ...PAGE_HEADERS,
  };
  if (known === asset.etag) return { status: 304, body: Buffer.alloc(0), headers };
  return { status: 200, body, headers };
}

/** Returns the reply to what Node's HTTP parser refused. `code` is Node's code of the error. */
export function protocolError(code: string): Reply {
  if (code === 'HPE_HEADER_OVERFLOW') return ERRORS.headers_too_large;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ERRORS.request_timeout;
  return ERRORS.bad_request;
}
