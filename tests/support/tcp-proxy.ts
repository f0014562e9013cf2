// A TCP proxy for tests, between the service and its database: it cuts, stalls, delays, and cuts after so many bytes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleaner } from './cleanup.ts';

/** Which way bytes go: to the server behind the proxy, or back to its client. */
export type Direction = 'toServer' | 'toClient';

/** The proxy. What it does to connections holds for all of them, those to come included. */
export class TcpProxy {
  /** The port of the server that new connections lead to: a test may put another one behind the proxy. */
  upstream: number;
  /** How long each piece is held back, in each direction. */
  delayMs = 0;
  /** How many bytes have passed in each direction. */
  readonly passed: Record<Direction, number> = { toServer: 0, toClient: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #left: Record<Direction, number> = { toServer: Infinity, toClient: Infinity };
  #flowing = Promise.withResolvers<void>();
  #refusing = false;
  #port = 0;

  constructor(upstream: number) {
    this.upstream = upstream;
    this.#flowing.resolve();
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  /** How many connections are open through it. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  /** Breaks all connections off, on both sides, as a network or a host does that fails. New ones may come. */
  cut(): void {
    for (const socket of this.#sockets) breakOff(socket);
  }

  /** Breaks off new connections at once, and with `cut` all there are, until `allow`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  allow(): void {
    this.#refusing = false;
  }

  /** Lets nothing pass any more, while connections stay open, until `flow`: neither side can tell. */
  stall(): void {
    this.#flowing = Promise.withResolvers<void>();
  }

  flow(): void {
    this.#flowing.resolve();
  }

  /** Lets exactly so many more bytes pass in a direction, over all connections, then cuts once, as `cut` does. */
  cutAfter(bytes: number, direction: Direction): void {
    this.#left[direction] = bytes;
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.upstream, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [client, server] as const;
    for (const socket of pair) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      // A side that fails takes the other one with it.
      socket.on('error', () => {
        for (const each of pair) breakOff(each);
      });
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const each of pair) each.destroy();
      });
    }
    void this.#pump(client, server, 'toServer');
    void this.#pump(server, client, 'toClient');
  }

  async #pump(from: Socket, to: Socket, direction: Direction): Promise<void> {
    try {
      for await (const piece of from.iterator({ destroyOnReturn: false })) {
        await this.#flowing.promise;
        if (this.delayMs > 0) await sleep(this.delayMs);
        if (!(await this.#pass(piece as Buffer, to, direction))) return;
      }
      to.end();
    } catch {
      // It was cut: both sockets are closed by their handlers.
    }
  }

  /** Passes a piece, or the part of it that may pass before a cut. False when it was cut. */
  async #pass(piece: Buffer, to: Socket, direction: Direction): Promise<boolean> {
    const left = this.#left[direction];
    const part = piece.subarray(0, left);
    this.#left[direction] = left - part.length;
    this.passed[direction] += part.length;
    if (part.length > 0) {
      // Written to the end: a reset would take along what is still on its way.
      await new Promise<void>((resolve) => {
        to.write(part, () => resolve());
      });
    }
    if (this.#left[direction] > 0) return true;
    this.#left[direction] = Infinity;
    this.cut();
    return false;
  }
}

/** Resets a connection. One that is being ended cannot be reset: its handle would stay, and Node would wait for it when it exits. */
function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Starts a proxy in front of what listens on a port of this machine; it is ended after the test. */
export async function startTcpProxy(t: Cleaner, upstream: number): Promise<TcpProxy> {
  const proxy = new TcpProxy(upstream);
  await proxy.listen();
  t.after(() => proxy.close());
  return proxy;
}
