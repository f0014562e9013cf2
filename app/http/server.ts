// The HTTP server: its limits, and the way it stops.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Events } from '../observe/events.ts';
import { Connection } from './connection.ts';
import { createServer } from './node-http.ts';
import type { Router } from './router.ts';

/** Time for the headers of a request, and for the whole of it, to arrive. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the idle time of common proxies (60 s), so that it is the proxy that closes an idle connection, not the service while a request is on its way. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const HEADER_BYTES_MAX = 16_384;
/**
 * Connections that the system keeps until they are accepted (Linux allows 4,096): over it they are dropped, and their
 * callers try again after 1, 3, 7 s. Node's own 511 is less than what comes at once when a provider catches up.
 */
const BACKLOG = 4_096;
/** How often a stopping server checks for connections that have become idle. */
const IDLE_SWEEP_MS = 50;

export class HttpServer {
  readonly #server: Server;
  readonly #connections = new Map<Socket, Connection>();
  readonly #events: Events;
  #draining = false;

  constructor(router: Router, connectionsMax: number, events: Events) {
    this.#events = events;
    const arrive = (request: IncomingMessage, response: ServerResponse): void => {
      const connection = this.#connectionOf(request.socket);
      // The connection was refused meanwhile: this request's head took too long, or the request before it was the last.
      if (connection.ending) return;
      // A connection that stays open would keep a stopping server from its end.
      if (this.#draining) response.shouldKeepAlive = false;
      router.route({ request, response, connection });
    };
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: HEADER_BYTES_MAX,
        connectionsCheckingInterval: 1_000,
      },
      arrive,
    );
    // A client may end its half of the connection after its last request, and still expects the response. Node has no other
    // way to allow that: it ends the connection itself unless this property is set, which has neither documentation nor a type.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('drop', () => events.connectionRefused());
    this.#server.on('connection', (socket) => this.#connectionOf(socket));
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // A body that is going to be refused is not requested.
      const length = Number(request.headers['content-length'] ?? 0);
      if (length <= router.bodyBytesMax(request.url ?? '/')) response.writeContinue();
      arrive(request, response);
    });
    this.#server.on('checkExpectation', arrive);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#connections.get(socket as Socket)?.refuse(error.code ?? 'unknown'),
    );
  }

  /** Accepts connections. Returns the URL; rejects with the system's error where the address cannot be used. */
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

  /** Stops accepting, lets requests in flight finish for at most `timeoutMs`, then closes the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const timer = setTimeout(() => this.#server.closeAllConnections(), timeoutMs);
    this.#server.closeIdleConnections();
    // To Node a connection is not idle before its first request.
    for (const connection of this.#connections.values()) connection.closeUnused();
    // A connection whose request began before is idle only once its response is written.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), IDLE_SWEEP_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket, this.#events);
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    return connection;
  }
}
