// An application that gets what Oncebox forwards, over HTTP or HTTPS, and misbehaves when it is told to.
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { eventually } from '../support/bounded.ts';
import type { Identity } from '../support/certificates.ts';
import type { Cleaner } from '../support/cleanup.ts';

/** A request that came whole. */
export interface Arrival {
  readonly id: string;
  readonly seq: number;
  readonly attempt: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** What the application does with a request. `ok` and a status are answered; of the others none comes, or a part. */
export type Behaviour =
  | 'ok'
  | 'hang'
  | 'hang-body'
  | 'half-headers'
  | 'upgrade'
  | 'half-body'
  | 'reset'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Not before this has happened. */
      readonly after?: Promise<unknown>;
    };

export class Receiver {
  /** Every request that came whole, in the order of their ends. */
  readonly arrivals: Arrival[] = [];
  /** Those of them that were answered with 2xx. */
  readonly accepted: Arrival[] = [];
  behave: (arrival: Arrival) => Behaviour;
  /** With what it serves HTTPS from the next `listen` on; null: HTTP. */
  identity: Identity | null;
  inFlight = 0;
  inFlightMax = 0;
  #server: Server;
  #port = 0;

  constructor(
    behave: (arrival: Arrival) => Behaviour = () => 'ok',
    identity: Identity | null = null,
  ) {
    this.behave = behave;
    this.identity = identity;
    this.#server = this.#create();
  }

  static async start(
    t: Cleaner,
    behave?: (arrival: Arrival) => Behaviour,
    identity?: Identity,
  ): Promise<Receiver> {
    const receiver = new Receiver(behave, identity);
    await receiver.listen();
    t.after(() => receiver.stop());
    return receiver;
  }

  get url(): string {
    const origin = this.identity === null ? 'http://127.0.0.1' : 'https://localhost';
    return `${origin}:${this.#port}/inbox`;
  }

  /** Listens, again on the same port. */
  async listen(): Promise<void> {
    this.#server = this.#create();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As if it were killed: connections are cut, and new ones refused. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  /** The ids that were answered with 2xx, each once. */
  ids(): Set<string> {
    return new Set(this.accepted.map(({ id }) => id));
  }

  /** Waits until so many different items were answered with 2xx. */
  async hasAccepted(count: number): Promise<void> {
    await this.until(`${count} items at the receiver`, () => this.ids().size >= count);
  }

  /** Waits until something holds of what has arrived. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await eventually(what, () => holds() || undefined);
  }

  #create(): Server {
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    return this.identity === null ? createServer(serve) : createTlsServer(this.identity, serve);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight += 1;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
    response.once('close', () => {
      this.inFlight -= 1;
    });
    const body = await bodyOf(request);
    if (body === null) return;
    const header = (name: string): string => String(request.headers[name] ?? '');
    const arrival: Arrival = {
      id: header('webhook-id'),
      seq: Number(header('oncebox-seq')),
      attempt: Number(header('oncebox-attempt')),
      path: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body,
    };
    this.arrivals.push(arrival);
    this.#answer(arrival, response, this.behave(arrival));
  }

  #answer(arrival: Arrival, response: ServerResponse, behaviour: Behaviour): void {
    switch (behaviour) {
      case 'ok':
        this.accepted.push(arrival);
        response.end();
        break;
      case 'hang':
        break;
      case 'hang-body':
        this.accepted.push(arrival);
        response.writeHead(200, { 'Content-Length': '10' });
        response.write('half');
        break;
      case 'half-headers':
        response.socket?.end('HTTP/1.1 200 OK\r\nContent-Le');
        break;
      case 'upgrade':
        response.socket?.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        );
        break;
      case 'half-body':
        this.accepted.push(arrival);
        response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        break;
      case 'reset':
        response.socket?.resetAndDestroy();
        break;
      default: {
        const { status, headers = {}, after } = behaviour;
        if (status < 300) this.accepted.push(arrival);
        void Promise.resolve(after).then(() => response.writeHead(status, headers).end('said'));
      }
    }
  }
}

/** Null for a request that did not come whole. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}
