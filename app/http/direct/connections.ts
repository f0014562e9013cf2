// Connections that carry plain webhooks, served without Node's HTTP server; any other is handed over to it, for good.
import type { Socket } from 'node:net';
import { CLIENT_CLOSED_REQUEST, requestIdOf } from '../exchange.ts';
import type { Receive } from '../../ingest/receive.ts';
import type { Events } from '../../observe/events.ts';
import type { Receipt } from '../../model/receipt.ts';
import { INTERNAL_ERROR, webhookReply } from '../replies.ts';
import { answerBytes } from './answer.ts';
import { type PlainWebhook, plainWebhook } from './plain-webhook.ts';

export interface DirectOptions {
  readonly headBytesMax: number;
  readonly bodyBytesMax: number;
  /** Time for the first byte of a new connection, and between one answer and the next request. */
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Verifies, decodes and stores. */
  readonly receive: Receive;
  /** Takes a connection over; what has been read of it is put back. */
  readonly handOver: (socket: Socket) => void;
  readonly events: Events;
}

/** The label and path of what is served here. */
const WEBHOOK = '/webhook';

export class DirectConnections {
  readonly #options: DirectOptions;
  readonly #open = new Set<DirectConnection>();
  #draining = false;

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  /** Serves a connection that was just accepted. */
  accept(socket: Socket): void {
    const connection = new DirectConnection(socket, this.#options, () => {
      this.#open.delete(connection);
    });
    this.#open.add(connection);
    if (this.#draining) connection.drain();
  }

  /** Ends connections that wait for a request now, and the others with their answer. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#open) connection.drain();
  }

  /** Cuts what is left. */
  closeAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

/** One request at a time; bytes that come before its answer is out wait. */
class DirectConnection {
  readonly #socket: Socket;
  readonly #options: DirectOptions;
  readonly #left: () => void;
  #answering = false;
  #draining = false;
  /** The client has ended its half: it still gets its answer. */
  #ended = false;
  /** What came while an answer was owed. */
  #behind: Buffer[] = [];

  readonly #onData = (bytes: Buffer): void => {
    if (this.#answering) {
      this.#behind.push(bytes);
      this.#socket.pause();
    } else this.#take(bytes);
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.#answering) this.#socket.destroySoon();
  };
  readonly #onTimeout = (): void => {
    if (!this.#answering) this.#socket.destroy();
  };
  readonly #onClose = (): void => this.#left();
  /** What is wrong shows in the event that follows: the connection closes. */
  readonly #onError = (): void => undefined;

  constructor(socket: Socket, options: DirectOptions, left: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#left = left;
    socket.setTimeout(options.firstByteTimeoutMs);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  drain(): void {
    this.#draining = true;
    if (!this.#answering) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    const { headBytesMax, bodyBytesMax } = this.#options;
    const webhook = plainWebhook(bytes, headBytesMax, bodyBytesMax);
    if (webhook === null) this.#handOver(bytes);
    else void this.#serve(webhook);
  }

  async #serve({ body, signature, requestId }: PlainWebhook): Promise<void> {
    this.#answering = true;
    const startMs = performance.now();
    const id = requestIdOf(requestId);
    const { events, receive, idleTimeoutMs } = this.#options;
    let receipt: Receipt | null = null;
    let reply = INTERNAL_ERROR;
    try {
      receipt = await receive(body, signature);
      events.webhookReceived(receipt);
      reply = webhookReply(receipt);
      if (reply.reason !== undefined) events.unavailable(WEBHOOK, reply.reason);
    } catch (error) {
      events.requestFailed(id, error);
    }
    const ended = (status: number): void =>
      events.requestEnded({
        requestId: id,
        method: 'POST',
        path: WEBHOOK,
        route: WEBHOOK,
        status,
        latencyMs: performance.now() - startMs,
        receipt,
        reason: status === reply.status ? (reply.reason ?? null) : null,
      });
    if (this.#socket.destroyed) {
      ended(CLIENT_CLOSED_REQUEST);
      return;
    }
    const keepAlive = !this.#draining && !this.#ended;
    const answer = answerBytes(reply, id, keepAlive ? idleTimeoutMs : null);
    this.#socket.write(answer, 'utf8', (error) => {
      ended(error ? CLIENT_CLOSED_REQUEST : reply.status);
      this.#next();
    });
  }

  /** The answer is out: goes on with what came meanwhile, or waits, or ends. */
  #next(): void {
    this.#answering = false;
    if (this.#socket.destroyed) return;
    const behind = this.#behind;
    if (behind.length > 0 && !this.#draining) {
      this.#behind = [];
      this.#take(behind.length === 1 ? (behind[0] as Buffer) : Buffer.concat(behind));
      this.#socket.resume();
    } else if (this.#draining || this.#ended) this.#socket.destroySoon();
    else if (this.#socket.timeout !== this.#options.idleTimeoutMs)
      this.#socket.setTimeout(this.#options.idleTimeoutMs);
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('close', this.#onClose);
    socket.off('error', this.#onError);
    socket.setTimeout(0);
    this.#left();
    this.#options.handOver(socket);
    socket.unshift(bytes);
    socket.resume();
  }
}
