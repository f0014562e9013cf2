// Posts at a rate that does not depend on the answers, each over a connection that waits for nothing else; and what became of each.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { message } from '../support/message.ts';
import type { Stored } from '../support/message.ts';
import { postBytes } from './load.ts';

const TICK_MS = 10;

export interface FloodOptions {
  readonly port: number;
  /** Connections that are kept; a post that finds none free is not sent. */
  readonly connections: number;
  /** Posts a second; without end unless given: then each connection posts again at once. */
  readonly rate?: number;
  /** Makes ids that no other flood makes. */
  readonly prefix: string;
}

/** What became of the posts so far. Times in milliseconds from the post to its answer. */
export class FloodFigures {
  sent = 0;
  /** Posts for which no connection was free: the sender's affair, the service never saw them. */
  heldBack = 0;
  /** Posts whose connection ended without an answer. */
  cutOff = 0;
  readonly acceptedMs: number[] = [];
  readonly refusedMs: number[] = [];
  /** Answers that are neither 200 nor 503, by status. */
  readonly others = new Map<number, number>();
}

interface Sender {
  readonly socket: Socket;
  waiting: { message: Stored; sinceMs: number } | null;
  received: string;
}

export class Flood {
  readonly figures = new FloodFigures();
  readonly acknowledged = new Map<string, Stored>();
  readonly #options: FloodOptions;
  readonly #free: Sender[] = [];
  readonly #open = new Set<Sender>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: FloodOptions) {
    this.#options = options;
  }

  /** Opens the connections, then begins. */
  async start(): Promise<void> {
    const { connections, rate } = this.#options;
    await Promise.all(Array.from({ length: connections }, () => this.#connect()));
    if (rate === undefined) {
      for (const sender of this.#free.splice(0)) this.#post(sender);
      return;
    }
    const startMs = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const target = ((performance.now() - startMs) * rate) / 1_000;
      for (; due < target; due += 1) {
        const sender = this.#free.shift();
        if (sender === undefined) this.figures.heldBack += 1;
        else this.#post(sender);
      }
    }, TICK_MS);
  }

  /** Sends nothing more. Resolves when every post has its answer, or its connection has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const { socket } of this.#free) socket.end();
    await Promise.all(
      [...this.#open].map(
        ({ socket }) =>
          new Promise<void>((resolve) => {
            if (socket.closed) resolve();
            else socket.once('close', () => resolve());
          }),
      ),
    );
  }

  #connect(): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#options.port, noDelay: true });
    const sender: Sender = { socket, waiting: null, received: '' };
    this.#open.add(sender);
    socket.setEncoding('latin1').on('data', (text: string) => this.#read(sender, text));
    socket.on('error', () => undefined);
    return new Promise((resolve) => {
      socket.once('connect', () => {
        this.#free.push(sender);
        resolve();
      });
      socket.once('close', () => {
        this.#open.delete(sender);
        if (sender.waiting !== null) this.figures.cutOff += 1;
        const place = this.#free.indexOf(sender);
        if (place !== -1) this.#free.splice(place, 1);
        resolve();
      });
    });
  }

  #post(sender: Sender): void {
    const stored = message({
      message_id: `${this.#options.prefix}-${this.figures.sent}`,
    }) as unknown as Stored;
    this.figures.sent += 1;
    sender.waiting = { message: stored, sinceMs: performance.now() };
    sender.socket.write(postBytes(stored));
  }

  #read(sender: Sender, text: string): void {
    sender.received += text;
    const end = sender.received.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(sender.received)?.[1]);
    if (end === -1 || sender.received.length < end + 4 + length) return;
    const status = Number(sender.received.slice(9, 12));
    sender.received = '';
    const { waiting } = sender;
    if (waiting !== null)
      this.#answered(waiting.message, status, performance.now() - waiting.sinceMs);
    sender.waiting = null;
    if (this.#stopped) sender.socket.end();
    else if (this.#options.rate === undefined) this.#post(sender);
    else this.#free.push(sender);
  }

  #answered(stored: Stored, status: number, ms: number): void {
    const { acceptedMs, refusedMs, others } = this.figures;
    if (status === 200) {
      acceptedMs.push(ms);
      this.acknowledged.set(stored.message_id, stored);
    } else if (status === 503) refusedMs.push(ms);
    else others.set(status, (others.get(status) ?? 0) + 1);
  }
}
