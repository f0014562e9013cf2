// HTTP/1.1 as bytes: what fetch and node:http cannot send (repeated headers, raw bytes, pipelines, halves of requests).
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { bounded } from './bounded.ts';
import type { Cleaner } from './cleanup.ts';

/** An answer as it came over the wire. Header names are in lower case; repeated headers are joined by a comma. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** What a request line and headers look like as bytes; `headers` may hold any byte, as Latin-1 characters. */
export function head(
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** A POST to /webhook as bytes. Each signature becomes a header of its own. */
export function webhookBytes(
  body: Buffer,
  signatures: readonly string[],
  headers: readonly (readonly [string, string])[] = [],
): Buffer {
  const signed = signatures.map((signature) => ['X-Signature', signature] as const);
  return Buffer.concat([
    head('POST', '/webhook', [['Content-Length', String(body.length)], ...signed, ...headers]),
    body,
  ]);
}

/** A connection that sends bytes as they are and reads one answer after the other. */
export class Wire {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset says no more than a close here: the answers that came before it count.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** Stops reading, so that what the service sends stays in its buffers. */
  pause(): void {
    this.#socket.pause();
  }

  /** Ends our half of the connection; the other half stays open for answers. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection off, as a client does that goes away. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The next answer (a `100 Continue` counts as one), or undefined when the connection ended before it. */
  async answer(method = 'GET'): Promise<WireAnswer | undefined> {
    return await bounded(
      this.#next(method),
      () => `an answer; received so far: ${this.#received.toString('latin1').slice(0, 500)}`,
    );
  }

  /** The next answer. Throws when the connection ended before it. */
  async reply(method = 'GET'): Promise<WireAnswer> {
    const answer = await this.answer(method);
    if (!answer)
      throw new Error(
        `the connection ended without an answer: ${this.#received.toString('latin1')}`,
      );
    return answer;
  }

  /** Waits until the other side has closed the connection. */
  async close(): Promise<void> {
    await bounded(this.closed, () => 'the end of the connection');
  }

  async #next(method: string): Promise<WireAnswer | undefined> {
    for (;;) {
      const found = readAnswer(this.#received, method, this.#ended);
      if (found) {
        this.#received = this.#received.subarray(found.length);
        return found.answer;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Opens a connection to 127.0.0.1 that is broken off after the test. */
export async function openWire(t: Cleaner, port: number): Promise<Wire> {
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => {
    socket.destroy();
  });
  const wire = new Wire(socket);
  await bounded(
    new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    }),
    () => 'a connection',
  );
  return wire;
}

/** Sends bytes over a connection of their own and returns the first answer, or undefined when there is none. */
export async function exchange(
  t: Cleaner,
  port: number,
  bytes: Buffer | string,
  method = 'GET',
): Promise<WireAnswer | undefined> {
  const wire = await openWire(t, port);
  wire.write(bytes);
  const answer = await wire.answer(method);
  wire.destroy();
  return answer;
}

interface Read {
  answer: WireAnswer;
  length: number;
}

/** Reads the first answer of `bytes` and how many of them it takes; undefined where it has not come whole. */
export function readAnswer(bytes: Buffer, method: string, ended: boolean): Read | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})( |$)/.exec(statusLine)?.[1]);
  if (!status) throw new Error(`not a status line: ${statusLine}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (!name) throw new Error(`not a header: ${line}`);
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const body = bodyOf(
    bytes.subarray(end + 4),
    headers,
    method === 'HEAD' || status < 200 || status === 204,
    ended,
  );
  return body && { answer: { status, headers, body: body.content }, length: end + 4 + body.length };
}

function bodyOf(
  bytes: Buffer,
  headers: Record<string, string>,
  none: boolean,
  ended: boolean,
): { content: Buffer; length: number } | undefined {
  if (none) return { content: Buffer.alloc(0), length: 0 };
  if (headers['transfer-encoding']) return dechunk(bytes);
  const declared = headers['content-length'];
  if (declared === undefined) return ended ? { content: bytes, length: bytes.length } : undefined;
  const length = Number(declared);
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length };
}

function dechunk(bytes: Buffer): { content: Buffer; length: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { content: Buffer.concat(parts), length: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
