// One connection: the latest request on it, its last response, and the release of its socket in bounded time.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Events } from '../observe/events.ts';
import { STATUS_CODES } from './node-http.ts';
import { type Reply, protocolError } from './replies.ts';

/** How long a client may continue sending after the last response of its connection. With the time to notice, less than 5 s. */
const LINGER_MS = 4_000;
/** A client that reads nothing of its last response is cut off after one to two of these: Node checks once in each for progress. */
const LAST_UNREAD_MS = 2_000;
/** The same for a response that others follow. Longer than the heartbeat of a stream. */
const UNREAD_MS = 20_000;

/** Node's code for a request that has not arrived within its time. */
const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT';
/** Node's code for a client that ended its half of the connection in the middle of a request. */
const CUT_SHORT = 'HPE_INVALID_EOF_STATE';
/** Node's code for bytes after a request that closes its connection. */
const AFTER_LAST_REQUEST = 'HPE_CLOSED_CONNECTION';

/** A request and its response, as far as their connection is concerned. */
export interface Pending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Responds to the request before all of it has arrived, as the last one of its connection. */
  refuse(reply: Reply): void;
  /** The client has abandoned the request. */
  abandoned(): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #events: Events;
  #latest: Pending | null = null;
  /** Requests that have no response yet. */
  #pendingResponses = 0;
  #ending = false;

  constructor(socket: Socket, events: Events) {
    this.#socket = socket;
    this.#events = events;
    socket.once('end', () => this.limitUnread());
  }

  /** Whether its last response is decided, so that no further request is served. */
  get ending(): boolean {
    return this.#ending;
  }

  /** A request has begun to arrive. */
  begin(pending: Pending): void {
    this.#latest = pending;
    this.#pendingResponses += 1;
  }

  /** A response was written, or waits for those before it. */
  responded(): void {
    this.#pendingResponses -= 1;
    this.limitUnread();
  }

  /** The response is over. A request that has arrived completely is forgotten: an idle connection must not keep its body. */
  ended(pending: Pending): void {
    if (this.#latest === pending && pending.request.complete) this.#latest = null;
    // The next response may have been waiting for this one.
    this.limitUnread();
  }

  /** Closes the connection if the client has not sent anything yet. */
  closeUnused(): void {
    if (this.#socket.bytesRead === 0) this.#socket.destroy();
  }

  /** Limits how long the client may leave unread what was written. The system takes nearly every response at once: then there is no timer. */
  limitUnread(): void {
    if (this.#socket.writableLength === 0) return;
    const closing =
      this.#ending ||
      this.#socket.readableEnded ||
      this.#latest?.response.shouldKeepAlive === false;
    const last = closing && this.#pendingResponses === 0;
    this.#socket.setTimeout(last ? LAST_UNREAD_MS : UNREAD_MS);
    // Bytes that are not awaited must not count as progress of a client that reads.
    if (last) this.#socket.pause();
  }

  /**
   * The last response is written: ends our half, discards what the client still sends, and releases the socket. Closing at
   * once would reset the connection under a client that is sending, and could lose the response (RFC 9112, section 9.6).
   */
  linger(): void {
    this.#ending = true;
    const socket = this.#socket;
    // When the client ends its half too, Node closes the socket.
    socket.end();
    // From here on there is one limit: that of the response, where it waited, no longer counts.
    socket.setTimeout(0).resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    const request = this.#latest?.request;
    if (request?.complete === false) request.resume().once('end', () => socket.destroySoon());
  }

  /**
   * Ends the connection because of bytes that are not a usable request, or a request that took too long to arrive.
   * `code` is Node's code of the error.
   */
  refuse(code: string): void {
    const socket = this.#socket;
    if (code === AFTER_LAST_REQUEST || this.#ending) return;
    this.#ending = true;
    const silent = code === TIMED_OUT && socket.bytesRead === 0;
    if (silent || !socket.writable || code === 'ECONNRESET') socket.destroy();
    else if (this.#latest === null) this.#respond(code);
    else if (!this.#latest.request.complete) this.#refuseBody(this.#latest, code);
    else {
      // The response to bytes that are not a request comes after all others.
      this.limitUnread();
      whenSent(this.#latest.response, () => this.#respond(code));
    }
  }

  #refuseBody(pending: Pending, code: string): void {
    const { response } = pending;
    if (!response.headersSent) {
      if (code === CUT_SHORT) pending.abandoned();
      pending.refuse(protocolError(code));
    } else if (code === TIMED_OUT && !response.writableFinished) this.#socket.destroy();
    // It has its response, from before all of it had arrived: a second one would be taken for that of another request.
    else whenSent(response, () => this.linger());
  }

  /** Responds to bytes that never became a request. */
  #respond(code: string): void {
    if (!this.#socket.writable) return;
    const { status, body } = protocolError(code);
    this.#events.protocolError(status, code);
    this.#socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    this.linger();
  }
}

/** Calls `act` once the response is written to its end. */
function whenSent(response: ServerResponse, act: () => void): void {
  if (response.writableFinished) act();
  else response.once('finish', act);
}
