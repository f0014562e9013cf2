// One HTTP request through node:http, and its answer.
import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { request as httpRequest } from './node-http.ts';

/** No answer by then is none. A test that computes for long beside this one keeps an answer that has come from being read. */
const ANSWER_MS_MAX = 120_000;

/** What a test wants sent. `path` goes out as it is, a raw `+` or `%zz` too. */
export interface Request {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer | string;
  /** Keeps connections for the next request, where many are sent. */
  agent?: Agent;
}

/** What came back. */
export class Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;

  constructor(status: number, headers: IncomingHttpHeaders, bytes: Buffer) {
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
    this.text = bytes.toString('utf8');
  }

  /** The body, parsed. Throws when it is not JSON or not declared as JSON. */
  json(): unknown {
    const type = this.headers['content-type'] ?? 'none';
    if (!/^application\/json(;|$)/.test(type))
      throw new Error(`content type ${type} for ${this.text}`);
    return JSON.parse(this.text);
  }
}

/** Sends one request to 127.0.0.1, over a connection of its own unless it has an agent. Returns the answer. Rejects when the connection breaks. */
export function send(port: number, wanted: Request): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body, agent = false } = wanted;
  const options = {
    host: '127.0.0.1',
    port,
    method,
    path,
    headers,
    agent,
    timeout: ANSWER_MS_MAX,
  };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve(new Answer(incoming.statusCode ?? 0, incoming.headers, Buffer.concat(chunks))),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
