// Every answer that the service gives: the only place that picks a status.
import type { Fault } from '../model/fault.ts';
import { formatSeconds } from '../model/instant.ts';
import type { MessageQuery, Page } from '../model/page.ts';
import type { Receipt } from '../model/receipt.ts';
import type { TimelineCounts, TimelineQuery } from '../model/timeline.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Asset, Encoding } from './assets.ts';

/** An answer before it is written: the bytes of the body and the headers beside Content-Type and Content-Length. */
export interface Reply<Body extends string | Buffer = string> {
  readonly status: number;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it is a 503: for the log and the metrics, never part of what is sent. */
  readonly reason?: UnavailableReason;
}

const RETRY_AFTER_SECONDS = '1';

function json(status: number, value: unknown, headers?: Reply['headers']): Reply {
  return { status, body: JSON.stringify(value), ...(headers === undefined ? {} : { headers }) };
}

const STORED = json(200, { status: 'ok' });
const INVALID_SIGNATURE = json(401, { detail: 'invalid signature' });
/** RFC 6750, section 3: what to send, and nothing about what was wrong. */
export const UNAUTHORIZED = json(401, { detail: 'unauthorized' }, { 'WWW-Authenticate': 'Bearer' });
const TOO_LARGE = json(413, { detail: 'payload too large' });

/** A 503 that says when to come again. */
function unavailable(reason: UnavailableReason, value: { detail: string }): Reply {
  return { ...json(503, value, { 'Retry-After': RETRY_AFTER_SECONDS }), reason };
}

/** What a page of ours may do: run and fetch what comes from here, and nothing else; no script or style within a page. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

export const NOT_FOUND = json(404, { detail: 'Not Found' });
export const INTERNAL_ERROR = json(500, { detail: 'Internal Server Error' });
export const LIVE = json(200, { status: 'live' });

/** The answer to one webhook, by what became of it. */
export function webhookReply(receipt: Receipt): Reply {
  switch (receipt.outcome) {
    case 'created':
    case 'duplicate':
      return STORED;
    case 'invalid_signature':
      return INVALID_SIGNATURE;
    case 'validation_error':
      return invalid(receipt.faults);
    case 'payload_too_large':
      return TOO_LARGE;
    case 'unavailable':
      return storageUnavailable(receipt.reason ?? 'other');
  }
}

/** 422 in FastAPI's shape. */
export function invalid(faults: readonly Fault[]): Reply {
  return json(422, { detail: faults });
}

/** `Allow` lists the methods that the path has. */
export function methodNotAllowed(methods: readonly string[]): Reply {
  return json(405, { detail: 'Method Not Allowed' }, { Allow: methods.join(', ') });
}

/** The store cannot answer now; asking again later may help. */
export function storageUnavailable(reason: UnavailableReason): Reply {
  return unavailable(reason, { detail: 'storage unavailable' });
}

/** `link` is the value of the Link header (RFC 8288). */
export function pageReply(page: Page, query: MessageQuery, link: string): Reply<Buffer> {
  const { limit, offset } = query;
  const body = Buffer.concat([
    Buffer.from('{"data":'),
    page.json,
    Buffer.from(`,"total":${page.total},"limit":${limit},"offset":${offset}}`),
  ]);
  return { status: 200, body, headers: { Link: link } };
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

/** As many streams are open as may be, or the service is stopping. */
export function streamRefused(reason: UnavailableReason): Reply {
  return unavailable(reason, { detail: 'too many streams' });
}

export function readyReply({ reason, checks }: Readiness): Reply {
  if (reason === null) return json(200, { status: 'ready', checks });
  const body = { detail: 'not ready', status: 'not ready', checks };
  return unavailable(reason, body);
}

export function metricsReply(text: string, contentType: string): Reply {
  return { status: 200, body: text, headers: { 'Content-Type': contentType } };
}

/** A file of the dashboard in one encoding, or 304 where the client has it. Files named by their content never change. */
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

/** What the parser of HTTP refused: Node's code of the error gives the status. */
export function protocolError(code: string): Reply {
  if (code === 'HPE_HEADER_OVERFLOW')
    return json(431, { detail: 'Request Header Fields Too Large' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return json(408, { detail: 'Request Timeout' });
  return json(400, { detail: 'Bad Request' });
}
