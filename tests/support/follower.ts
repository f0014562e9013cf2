// A program that follows GET /messages/stream, or another stream, and can be cut off at any moment.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { eventually } from './bounded.ts';
import type { Cleaner } from './cleanup.ts';
import { request } from './node-http.ts';

/** One event of the stream that carries a message, or another item. */
export interface Event {
  id: number;
  /** What the stream calls it; null where it has no name. */
  name: string | null;
  data: { message_id: string; from: string; to: string; ts: string; text: string | null };
}

export class Follower {
  readonly events: Event[] = [];
  /** The last id that was read, of an event without a message too; null before the first. */
  lastId: number | null = null;
  ended = false;
  status = 0;
  headers: IncomingMessage['headers'] = {};
  raw = '';
  readonly #request: ClientRequest;
  #response: IncomingMessage | null = null;
  #rest = '';

  constructor(
    t: Cleaner,
    port: number,
    query = '',
    lastEventId?: string,
    stream = '/messages/stream',
  ) {
    const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const options = { host: '127.0.0.1', port, path: `${stream}${query}`, headers };
    this.#request = request({ ...options, agent: false }, (response) => {
      this.#response = response;
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#read(text));
      response.on('close', () => {
        this.ended = true;
      });
      response.on('error', () => undefined);
    });
    this.#request.on('error', () => {
      this.ended = true;
    });
    this.#request.end();
    t.after(() => this.cut());
  }

  /** Ends the connection as a program does that is killed. */
  cut(): void {
    this.#request.destroy();
  }

  /** Stops reading, so that what the service sends stays in its buffers. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  /** Waits until the stream has begun, so that what is stored from now on is in it. */
  async open(): Promise<this> {
    await eventually('the beginning of the stream', () =>
      this.lastId === null ? undefined : true,
    );
    return this;
  }

  /** Waits for so many messages and returns the ids of all that came. */
  async take(count: number): Promise<string[]> {
    await eventually(`${count} messages on the stream, not ${this.events.length}`, () =>
      this.events.length >= count ? true : undefined,
    );
    return this.events.map(({ data }) => data.message_id);
  }

  #read(text: string): void {
    this.raw += text;
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      // A text may hold U+2028, which a regular expression takes for the end of a line, and the stream does not.
      const field = (name: string): string | undefined =>
        part
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const id = field('id');
      if (id === undefined) continue;
      this.lastId = Number(id);
      const data = field('data');
      if (data !== undefined)
        this.events.push({
          id: Number(id),
          name: field('event') ?? null,
          data: JSON.parse(data) as Event['data'],
        });
    }
  }
}
