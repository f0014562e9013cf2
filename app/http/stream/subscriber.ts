// One open stream: writes Server-Sent Events, and tracks whether the client keeps up.
import type { ServerResponse } from 'node:http';
import type { StreamScope } from '../../model/stream.ts';

/** What may wait in this process for a client that reads slowly. More is not read for it until it has caught up. */
const BUFFERED_BYTES_MAX = 512 * 1_024;
const HEARTBEAT_INTERVAL_MS = 15_000;
/** A client that has read nothing for so long is disconnected; it resumes later. */
const STALLED_MS_MAX = 30_000;
const RECONNECT_AFTER_MS = 1_000;

export class Subscriber {
  readonly scope: StreamScope;
  /** The sequence number up to which this client was sent everything of its scope. */
  cursor: number;
  /** Whether there may be more for it than it was sent. */
  behind = true;
  readonly #response: ServerResponse;
  #lastWriteMs = performance.now();

  /**
   * Begins the stream. An event with an id and no data moves the client's `Last-Event-ID` and nothing else,
   * so that one that is cut off before its first message resumes from where it began.
   */
  constructor(response: ServerResponse, scope: StreamScope, cursor: number) {
    this.#response = response;
    this.scope = scope;
    this.cursor = cursor;
    this.write(`retry: ${RECONNECT_AFTER_MS}\nid: ${cursor}\n\n`);
  }

  /** Whether the client has room for another page. */
  get ready(): boolean {
    return !this.#response.destroyed && this.#response.writableLength < BUFFERED_BYTES_MAX;
  }

  write(chunk: string | Buffer): void {
    if (this.#response.destroyed) return;
    this.#response.write(chunk);
    this.#lastWriteMs = performance.now();
  }

  /** Keeps a quiet connection open, and ends one whose client has stopped reading. */
  beat(nowMs: number): void {
    const quietMs = nowMs - this.#lastWriteMs;
    if (!this.ready && quietMs > STALLED_MS_MAX) this.#response.destroy();
    else if (this.ready && quietMs > HEARTBEAT_INTERVAL_MS) this.write(': heartbeat\n\n');
  }

  /** Asks the client to reconnect with its last id, and ends the connection. */
  end(): void {
    if (!this.#response.destroyed) this.#response.end(`event: resume\ndata: ${this.cursor}\n\n`);
  }
}
