// One request and its answer: gives it an id, times it, writes the reply, and reports how it ended.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Receipt } from '../model/receipt.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { Events } from '../observe/events.ts';
import type { Reply } from './replies.ts';

/** nginx's number for a client that went away before its answer; it is logged, never sent. */
export const CLIENT_CLOSED_REQUEST = 499;
/** A caller's id is kept when it is well-formed: visible ASCII without quotes and separators, bounded. */
const REQUEST_ID = /^[A-Za-z0-9._:+/=@-]{1,128}$/;

/** The parts of a request that name what is asked for. */
export interface Target {
  /** The path of the URL, as it came. */
  readonly path: string;
  /** The part of the URL after `?`; empty without one. */
  readonly queryString: string;
  /** The same without the prefix that a reverse proxy may have left on it: the key of the route. */
  readonly resource: string;
  /** The route that serves it, as a label of metrics: bounded in number, unlike paths. */
  readonly route: string;
}

/** A caller's id where it is well-formed, else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

export class Exchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly #response: ServerResponse;
  readonly #events: Events;
  readonly #startMs = performance.now();
  #receipt: Receipt | null = null;
  #reason: UnavailableReason | null = null;
  #openEnded = false;

  constructor(request: IncomingMessage, response: ServerResponse, target: Target, events: Events) {
    this.request = request;
    this.target = target;
    this.#response = response;
    this.#events = events;
    this.requestId = requestIdOf(request.headers['x-request-id']);
    response.once('close', () => this.#ended());
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** Counts what became of a webhook, also when its client is gone, and remembers it for the log line. */
  received(receipt: Receipt): void {
    this.#receipt = receipt;
    this.#events.webhookReceived(receipt);
  }

  /** Writes the reply, without its body where the method is HEAD. Does nothing when the client is gone. */
  send(reply: Reply<string | Buffer>): void {
    const response = this.#response;
    if (reply.reason !== undefined) this.#events.unavailable(this.target.route, reply.reason);
    if (response.headersSent || response.destroyed) return;
    this.#reason = reply.reason ?? null;
    response.writeHead(reply.status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(reply.body),
      'X-Request-ID': this.requestId,
      ...reply.headers,
    });
    if (this.method === 'HEAD') response.end();
    else response.end(reply.body);
  }

  /**
   * Begins an answer that goes on until either side ends it. Gives what to write it to;
   * null when nothing may follow: the client is gone, or asked for the headers only.
   */
  open(headers: Readonly<Record<string, string>>): ServerResponse | null {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return null;
    this.#openEnded = true;
    // Nothing else will come over this connection, and a stopping server must not wait for it.
    response.shouldKeepAlive = false;
    response.writeHead(200, { 'X-Request-ID': this.requestId, ...headers });
    if (this.method === 'HEAD') {
      response.end();
      return null;
    }
    // A client that has ended its half of the connection waits for an answer's end, and this one has none.
    const { socket } = this.request;
    if (socket.readableEnded) response.destroy();
    else socket.once('end', () => response.destroy());
    return response;
  }

  #ended(): void {
    const isAnswered = this.#response.writableFinished || this.#openEnded;
    this.#events.requestEnded({
      requestId: this.requestId,
      method: this.method,
      path: this.target.path,
      route: this.target.route,
      status: isAnswered ? this.#response.statusCode : CLIENT_CLOSED_REQUEST,
      latencyMs: performance.now() - this.#startMs,
      receipt: this.#receipt,
      reason: isAnswered ? this.#reason : null,
    });
  }
}
