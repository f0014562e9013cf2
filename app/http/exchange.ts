// One request and its response: assigns an id, measures the time, writes the reply, and reports how it ended.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeliveryReceipt } from '../model/delivery-receipt.ts';
import type { Receipt } from '../model/receipt.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { Events } from '../observe/events.ts';
import type { Connection, Pending } from './connection.ts';
import { CLIENT_CLOSED_REQUEST, type Reply } from './replies.ts';

/** A caller's id is kept when it is well-formed: visible ASCII without quotes and separators, bounded. */
const REQUEST_ID = /^[A-Za-z0-9._:+/=@-]{1,128}$/;

/** The target of a request (RFC 9112, section 3.2), and its route. */
export interface Target {
  /** The path of the URL, as it was sent. */
  readonly path: string;
  /** The part of the URL after `?`; empty without one. */
  readonly queryString: string;
  /** The route that serves it, as a label of metrics: bounded in number, unlike paths. */
  readonly route: string;
  /** What stands in the path for `{name}` of the route; empty where the route has none. */
  readonly name: string;
}

/** Returns a caller's id where it is well-formed, else a new one. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID();
}

/** A request as the server hands it over, before its route is known. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
}

export class Exchange implements Pending {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly #connection: Connection;
  readonly #events: Events;
  readonly #startMs = performance.now();
  #receipt: Receipt | null = null;
  #delivery: DeliveryReceipt | null = null;
  #reason: UnavailableReason | null = null;
  #openEnded = false;
  #reported = false;

  constructor({ request, response, connection }: Arrival, target: Target, events: Events) {
    this.request = request;
    this.response = response;
    this.target = target;
    this.#connection = connection;
    this.#events = events;
    this.requestId = requestIdOf(request.headers['x-request-id']);
    connection.begin(this);
    response.once('close', () => this.#closed());
  }

  get method(): string {
    return this.request.method ?? '';
  }

  /** Counts the outcome of a webhook, also when its client is gone, and keeps it for the log line. */
  received(receipt: Receipt): void {
    this.#receipt = receipt;
    this.#events.webhookReceived(receipt);
  }

  /** The same for a post of a named source. */
  delivered(receipt: DeliveryReceipt): void {
    this.#delivery = receipt;
    this.#events.deliveryReceived(receipt);
  }

  /** Whether a response has been begun. */
  get responded(): boolean {
    return this.response.headersSent;
  }

  /** Writes the reply, without its body where the method is HEAD. Has no effect when a response was begun, or the client is gone. */
  send(reply: Reply<string | Buffer>): void {
    const { response } = this;
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
    else if (reply.body.length > 0 && !response.shouldKeepAlive && bodyIsComing(this.request))
      this.#sendEarly(reply.body);
    else response.end(reply.body);
    this.#connection.responded();
  }

  /** Writes the reply as the last one of its connection. */
  refuse(reply: Reply): void {
    this.response.shouldKeepAlive = false;
    this.send(reply);
  }

  /** The client has abandoned the request: it is logged as 499. */
  abandoned(): void {
    this.#report(CLIENT_CLOSED_REQUEST);
  }

  /** Writes the last response of a connection over which the client is still sending: with `end` Node would close it at once. */
  #sendEarly(body: string | Buffer): void {
    this.response.write(body, (error) => {
      if (error) return;
      this.#report(this.response.statusCode);
      this.#connection.linger();
    });
  }

  /**
   * Begins a response that continues until either side ends it. Returns the stream to write it to;
   * null when nothing may follow: the client is gone, or requested the headers only.
   */
  open(headers: Readonly<Record<string, string>>): ServerResponse | null {
    const { response } = this;
    if (response.headersSent || response.destroyed) return null;
    this.#openEnded = true;
    // Nothing else will come over this connection, and a stopping server must not wait for it.
    response.shouldKeepAlive = false;
    response.writeHead(200, { 'X-Request-ID': this.requestId, ...headers });
    if (this.method === 'HEAD') {
      response.end();
      return null;
    }
    // A client that has ended its half of the connection waits for the response to end, and this one does not.
    const { socket } = this.request;
    if (socket.readableEnded) response.destroy();
    else socket.once('end', () => response.destroy());
    return response;
  }

  #closed(): void {
    const { writableFinished, statusCode } = this.response;
    this.#report(writableFinished || this.#openEnded ? statusCode : CLIENT_CLOSED_REQUEST);
    this.#connection.ended(this);
  }

  /** Reports the end of the request, once. */
  #report(status: number): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#events.requestEnded({
      requestId: this.requestId,
      method: this.method,
      path: this.target.path,
      route: this.target.route,
      status,
      latencyMs: performance.now() - this.#startMs,
      receipt: this.#receipt,
      delivery: this.#delivery,
      reason: status === CLIENT_CLOSED_REQUEST ? null : this.#reason,
    });
  }
}

/** Whether the request has a body of which some has not arrived. */
function bodyIsComing({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
