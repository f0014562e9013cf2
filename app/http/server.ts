// The HTTP server: its limits, its answers to what is no usable request, and the way it stops.
import {
  type IncomingMessage,
  type Server,
  STATUS_CODES,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Receive } from '../ingest/receive.ts';
import type { Events } from '../observe/events.ts';
import { DirectConnections, type DirectOptions } from './direct/connections.ts';
import { protocolError } from './replies.ts';

/** Time for the headers of a request, and for the whole of it, to arrive. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the idle time of common proxies (60 s), so that it is the proxy that closes a connection, not we under a request. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const HEADER_BYTES_MAX = 16_384;
/**
 * Connections that the system keeps until they are accepted (Linux allows 4,096): over it they are dropped, and their
 * callers try again after 1, 3, 7 s. Node's own 511 is less than what comes at once when a provider catches up.
 */
const BACKLOG = 4_096;
/** How often a stopping server looks for connections that have become idle. */
const IDLE_SWEEP_MS = 50;

/** What one client, and all of them together, may take. */
export interface Limits {
  readonly bodyBytesMax: number;
  readonly connectionsMax: number;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

export class HttpServer {
  readonly #server: Server;
  readonly #direct: DirectConnections;
  #draining = false;

  constructor(answer: RequestListener, receive: Receive, limits: Limits, events: Events) {
    const { bodyBytesMax, connectionsMax } = limits;
    const door: RequestListener = (request, response) => {
      // A connection that stays open would keep a stopping server from its end.
      if (this.#draining) response.shouldKeepAlive = false;
      answer(request, response);
    };
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: HEADER_BYTES_MAX,
        connectionsCheckingInterval: 1_000,
      },
      door,
    );
    // A client may end its half of the connection after its last request, and is still to be answered. Node has the switch, and no type for it.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('drop', () => events.connectionRefused());
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // A body that is going to be refused is not asked for.
      if (Number(request.headers['content-length'] ?? 0) <= bodyBytesMax) response.writeContinue();
      door(request, response);
    });
    this.#server.on('checkExpectation', door);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      refuse(error, socket as AnsweringSocket, events),
    );
    this.#direct = this.#serveDirectly({ bodyBytesMax, receive, events });
  }

  /** Puts the direct connections between the socket and Node's server, which gets what they hand over. */
  #serveDirectly(
    options: Pick<DirectOptions, 'bodyBytesMax' | 'receive' | 'events'>,
  ): DirectConnections {
    const listeners = this.#server.listeners('connection');
    this.#server.removeAllListeners('connection');
    const direct = new DirectConnections({
      ...options,
      headBytesMax: HEADER_BYTES_MAX,
      firstByteTimeoutMs: HEADERS_TIMEOUT_MS,
      idleTimeoutMs: KEEP_ALIVE_TIMEOUT_MS,
      handOver: (socket) => {
        for (const listener of listeners) Reflect.apply(listener, this.#server, [socket]);
      },
    });
    this.#server.on('connection', (socket) => direct.accept(socket));
    return direct;
  }

  /** Accepts connections. Gives the URL; rejects with the system's error where the address cannot be had. */
  async listen(host: string, port: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    await promise;
    this.#server.off('error', reject);
    const { address, family, port: actual } = this.#server.address() as AddressInfo;
    // A zone, as in fe80::1%eth0, begins with an escaped percent sign in a URL (RFC 6874).
    const literal = family === 'IPv6' ? `[${address.replace('%', '%25')}]` : address;
    return `http://${literal}:${actual}`;
  }

  /** Stops accepting, lets requests in flight finish for at most `timeoutMs`, then cuts what is left. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
      this.#direct.closeAll();
    }, timeoutMs);
    this.#server.closeIdleConnections();
    this.#direct.drain();
    // A connection whose request began before is idle only once its answer is out.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), IDLE_SWEEP_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }
}

/** What Node keeps at a socket, and has no type for: the response whose turn it is, where requests wait for theirs. */
type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Connections whose end is already decided: what else comes over them is thrown away. */
const refused = new WeakSet<Socket>();

/** Reports bytes that are no usable request, and sees to it that their answer is the last one of the connection. */
function refuse(error: NodeJS.ErrnoException, socket: AnsweringSocket, events: Events): void {
  // Bytes after a request that closes its connection: that request has its answer, and a second one would be taken for it.
  if (error.code === 'HPE_CLOSED_CONNECTION' || refused.has(socket)) return;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  refused.add(socket);
  const { status, body } = protocolError(error.code ?? '');
  events.protocolError(status, error.code ?? 'unknown');
  answerLast(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Writes `bytes` and ends the connection, once the requests that came whole before have their answers. */
function answerLast(socket: AnsweringSocket, bytes: string): void {
  const { _httpMessage: response } = socket;
  // Only the request that the bad bytes belong to is not complete, and it comes after all others.
  if (response?.req.complete !== true) {
    if (socket.writable) socket.end(bytes);
    return;
  }
  // Node gives the socket to the next response before this.
  response.once('finish', () => answerLast(socket, bytes));
}
