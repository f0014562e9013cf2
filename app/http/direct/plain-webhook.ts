// Recognises the request that nearly every sender of webhooks sends: whole, in one piece, with nothing unusual about it.

/** What is needed of a plain webhook. */
export interface PlainWebhook {
  readonly body: Buffer;
  /** The value of X-Signature. */
  readonly signature: string | undefined;
  /** The value of X-Request-ID. */
  readonly requestId: string | undefined;
}

const REQUEST_LINE = 'POST /webhook HTTP/1.1\r\n';
const END_OF_HEAD = '\r\n\r\n';
/** Header lines as RFC 9112 has them, without folding, and without bytes beyond visible ASCII in a value. */
const HEADER_LINES = /^(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e]*\r\n)+$/;
/** Far below the number of lines after which Node's parser drops the rest. */
const LINES_MAX = 200;
const LENGTH = /^(?:0|[1-9][0-9]{0,8})$/;

/**
 * Header fields that say something about how the connection or the body is to be read: with one of them
 * a request is not plain. Everything that is not listed here has no meaning for a webhook.
 */
const NOT_PLAIN = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The webhook that `bytes` are, no more and no less; null where they are anything else, however slightly:
 * then it is for Node's parser to say what they are. Whatever is taken here, that parser reads in the same way.
 * `headBytesMax` and `bodyBytesMax` are the bounds of the head and the body.
 */
export function plainWebhook(
  bytes: Buffer,
  headBytesMax: number,
  bodyBytesMax: number,
): PlainWebhook | null {
  const headEnd = bytes.indexOf(END_OF_HEAD, 0, 'latin1');
  if (headEnd === -1 || headEnd + END_OF_HEAD.length >= headBytesMax) return null;
  const head = bytes.toString('latin1', 0, headEnd + 2);
  if (!head.startsWith(REQUEST_LINE)) return null;
  const lines = head.slice(REQUEST_LINE.length);
  if (!HEADER_LINES.test(lines)) return null;
  const fields = fieldsOf(lines);
  if (fields === null || fields.host === undefined) return null;
  const { length } = fields;
  if (length === undefined || !LENGTH.test(length) || Number(length) > bodyBytesMax) return null;
  const body = bytes.subarray(headEnd + END_OF_HEAD.length);
  if (body.length !== Number(length)) return null;
  return { body, signature: fields.signature, requestId: fields.requestId };
}

interface Fields {
  host?: string;
  length?: string;
  signature?: string;
  requestId?: string;
}

const KEPT: ReadonlyMap<string, keyof Fields> = new Map([
  ['host', 'host'],
  ['content-length', 'length'],
  ['x-signature', 'signature'],
  ['x-request-id', 'requestId'],
]);

/** The fields that count. Null where one comes twice, or where there is one that is not plain. */
function fieldsOf(lines: string): Fields | null {
  const fields: Fields = {};
  let start = 0;
  let count = 0;
  while (start < lines.length) {
    count += 1;
    if (count > LINES_MAX) return null;
    const end = lines.indexOf('\r\n', start);
    const colon = lines.indexOf(':', start);
    const name = lines.slice(start, colon).toLowerCase();
    const kept = KEPT.get(name);
    if (kept !== undefined) {
      if (fields[kept] !== undefined) return null;
      fields[kept] = lines.slice(colon + 1, end).trim();
    } else if (NOT_PLAIN.has(name)) return null;
    start = end + 2;
  }
  return fields;
}
