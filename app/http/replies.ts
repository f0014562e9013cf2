// Every answer that the service gives: the only place that picks a status.
import type { Fault } from '../model/fault.ts';
import type { MessageQuery, Page } from '../model/page.ts';
import type { Receipt } from '../model/receipt.ts';
import type { Readiness } from '../observe/readiness.ts';

/** An answer before it is written: the bytes of the body and the headers beside Content-Type and Content-Length. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
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
const UNAVAILABLE = json(
  503,
  { detail: 'storage unavailable' },
  { 'Retry-After': RETRY_AFTER_SECONDS },
);

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
      return UNAVAILABLE;
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
export function storageUnavailable(): Reply {
  return UNAVAILABLE;
}

/** `link` is the value of the Link header (RFC 8288). */
export function pageReply(page: Page, query: MessageQuery, link: string): Reply {
  const body = { data: page.data, total: page.total, limit: query.limit, offset: query.offset };
  return json(200, body, { Link: link });
}

export function okJson(value: unknown): Reply {
  return json(200, value);
}

export function readyReply(readiness: Readiness): Reply {
  if (readiness.ready) return json(200, { status: 'ready', checks: readiness.checks });
  return json(
    503,
    { detail: 'not ready', status: 'not ready', checks: readiness.checks },
    { 'Retry-After': RETRY_AFTER_SECONDS },
  );
}

export function metricsReply(text: string, contentType: string): Reply {
  return { status: 200, body: text, headers: { 'Content-Type': contentType } };
}

/** What the parser of HTTP refused: Node's code of the error gives the status. */
export function protocolError(code: string): Reply {
  if (code === 'HPE_HEADER_OVERFLOW')
    return json(431, { detail: 'Request Header Fields Too Large' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return json(408, { detail: 'Request Timeout' });
  return json(400, { detail: 'Bad Request' });
}
