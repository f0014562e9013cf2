// Callers who take without giving: they stall, dribble, break off, never end, never read. Each comes again when it is cut off.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { message, sign } from '../support/message.ts';
import { head } from '../support/wire.ts';

/** How many there are of each kind. */
const CROWD = { stalled: 200, dribbling: 100, breaking: 20, chunked: 4, headers: 5, deaf: 10 };
/** How long one who breaks off, or was cut off, waits before it comes again. */
const AGAIN_MS = 200;
const DRIBBLE_MS = 1_000;

const HALF = Buffer.concat([
  head('POST', '/webhook', [['Content-Length', '200000']]),
  Buffer.alloc(100_000, 0x20),
]);
const CHUNK = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
const LONG_HEADER = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(200_000)}`);
const UNREAD = Buffer.concat(Array.from({ length: 100 }, () => head('GET', '/openapi.json')));

type Manner = (socket: Socket, over: () => boolean) => Promise<void>;

/** Writes until the service takes no more, or the connection is over. */
async function pour(socket: Socket, bytes: Buffer, over: () => boolean): Promise<void> {
  while (!over()) await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

const MANNERS: Record<keyof typeof CROWD, Manner> = {
  stalled: async (socket) => {
    socket.write(HALF);
    await Promise.resolve();
  },
  // One byte a second: of the headers first, and it never gets to the end of them.
  dribbling: async (socket, over) => {
    for (const byte of head('POST', '/webhook', [['Content-Length', '100']])) {
      if (over()) return;
      socket.write(Buffer.of(byte));
      await sleep(DRIBBLE_MS);
    }
  },
  breaking: async (socket) => {
    const body = Buffer.from(JSON.stringify(message()));
    socket.write(
      head('POST', '/webhook', [
        ['Content-Length', String(body.length)],
        ['X-Signature', sign(body)],
      ]),
    );
    socket.write(body.subarray(0, -1));
    await sleep(AGAIN_MS);
    socket.destroy();
  },
  chunked: (socket, over) => {
    socket.write(head('POST', '/webhook', [['Transfer-Encoding', 'chunked']]));
    return pour(socket, CHUNK, over);
  },
  headers: async (socket) => {
    socket.write(LONG_HEADER);
    await Promise.resolve();
  },
  // Asks again and again and never reads an answer.
  deaf: (socket, over) => {
    socket.pause();
    return pour(socket, UNREAD, over);
  },
};

export class Crowd {
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  #stopped = false;
  /** Connections that the service ended, or refused. */
  cutOff = 0;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    for (const kind of Object.keys(CROWD) as (keyof typeof CROWD)[])
      for (let one = 0; one < CROWD[kind]; one += 1) void this.#behave(MANNERS[kind]);
  }

  stop(): void {
    this.#stopped = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #behave(manner: Manner): Promise<void> {
    while (!this.#stopped) {
      const socket = connect({ host: '127.0.0.1', port: this.#port });
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.resume();
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
      });
      const over = (): boolean => socket.destroyed || this.#stopped;
      const act = new Promise<void>((resolve) => {
        socket.once('connect', () => void manner(socket, over).then(resolve, resolve));
      });
      await Promise.race([closed, act.then(() => closed)]);
      this.#sockets.delete(socket);
      this.cutOff += 1;
      await sleep(AGAIN_MS);
    }
  }
}
