// Requests from nearly valid ones to random bytes, made from a seed so that each can be made again.
import { message, sign } from '../support/message.ts';
import { seeded } from './random.ts';
import type { Random } from './random.ts';

const NASTY = [
  '',
  ' ',
  '+',
  '%',
  '%00',
  '%zz',
  '%ff',
  '+1',
  '-1',
  '0',
  '1',
  '100',
  '1e3',
  '99999999999999999999',
  '9007199254740991',
  'null',
  'asc',
  'desc',
  'default',
  'conflict',
  'headers',
  '2025-01-15T10:00:00Z',
  '2025-02-30T10:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '\u0000',
  '\uD800',
  '😀'.repeat(50),
  "' OR 1=1 --",
  '"',
  '\\',
  '*',
  '{}',
  '[]',
  'é',
  'x'.repeat(5_000),
  '0x10',
  '１２',
  '../../etc/passwd',
  '<script>',
  '\r\nSet-Cookie: a=b',
  '\n{"level":"INFO"}',
] as const;
/** All but the streams, whose answers have no end. */
const PATHS = [
  '/messages',
  '/messages',
  '/message',
  '/events',
  '/events',
  '/event',
  '/delivery',
  '/sources',
  '/stats',
  '/stats/timeline',
  '/webhook',
  '/metrics',
  '/health/live',
  '/health/ready',
  '/openapi.json',
  '/docs',
  '/none',
  '/',
  '//',
  '/messages/',
  '/assets/none.js',
];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'];
const PARAMETERS = [
  'limit',
  'offset',
  'from',
  'to',
  'since',
  'until',
  'source',
  'order',
  'type',
  'subject',
  'id',
  'part',
  'step',
  'q',
  'cursor',
  'nonsense',
  '',
  '__proto__',
];

/** One request, and what its answer is checked by. */
export interface Generated {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly bytes: Buffer;
}

export class RequestGenerator {
  readonly #random: Random;
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seeded(seed);
  }

  /** What HTTP allows, whatever it may hold: the next request of its connection is read as well. */
  whole(): Generated {
    if (this.#random() < 0.5) return this.#request('POST', '/webhook', '');
    return this.#request(this.#pick(METHODS), this.#pick(PATHS), `?${this.#queryString()}`);
  }

  /** What may end its connection. */
  broken(): Buffer {
    const kind = this.#random();
    if (kind < 0.3) return this.#bytes(Math.floor(this.#random() * 200));
    if (kind < 0.6)
      return this.#request(this.#pick(['BREW', 'get', 'GET /']), this.#pick(NASTY), '').bytes;
    return this.#mutate(this.whole().bytes);
  }

  #request(method: string, path: string, query: string): Generated {
    const content = this.#body();
    const signature =
      this.#random() < 0.9 ? sign(content) : encodeURIComponent(this.#pick(NASTY).toWellFormed());
    const lines = [
      `${method} ${path}${query} HTTP/1.1`,
      'Host: a',
      `X-Signature: ${signature}`,
      `X-Request-ID: ${encodeURIComponent(this.#pick(NASTY).toWellFormed())}`,
      `Content-Length: ${content.length}`,
    ];
    const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
    return { method, path, bytes };
  }

  #queryString(): string {
    return Array.from({ length: Math.floor(this.#random() * 4) }, () => {
      const value = this.#pick(NASTY).toWellFormed();
      return `${this.#pick(PARAMETERS)}=${/^[!-~]*$/.test(value) ? value : encodeURIComponent(value)}`;
    }).join('&');
  }

  /** A message with a field or more replaced by something nasty; sometimes with its bytes changed, cut or nested deep. */
  #body(): Buffer {
    this.#count += 1;
    const draft = message({ message_id: `fuzz-${this.#seed}-${this.#count}` });
    for (const field of ['message_id', 'from', 'to', 'ts', 'text'])
      if (this.#random() < 0.3) draft[field] = this.#nasty();
    const bytes = Buffer.from(JSON.stringify(draft));
    const kind = this.#random();
    if (kind < 0.1) return this.#mutate(bytes);
    if (kind < 0.15) return bytes.subarray(0, Math.floor(this.#random() * bytes.length));
    return kind < 0.16 ? Buffer.from('['.repeat(20_000)) : bytes;
  }

  #nasty(): unknown {
    const value = this.#pick(NASTY);
    return this.#pick([value, Number(value), null, [value], { [value]: value }, true, undefined]);
  }

  #mutate(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes);
    for (let change = 0; change < 3 && copy.length > 0; change += 1)
      copy[Math.floor(this.#random() * copy.length)] = Math.floor(this.#random() * 256);
    return copy;
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => Math.floor(this.#random() * 256)));
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}
