// Between the writer and the search thread: one piece of the index at a time, between two commits.
import {
  MessageChannel,
  type MessagePort,
  Worker,
  receiveMessageOnPort,
} from 'node:worker_threads';
import type { Failure } from '../protocol.ts';
import { BLOCK_MESSAGES } from './blocks.ts';
import type { SearchPiece } from './indexer.ts';
import type { SearchReply } from './search-thread.ts';

/** While another process fills the index, this one asks so often whether it still does. */
const TURN_MS = 5_000;
/** After a failure the piece waits this long before it is tried again. */
const RETRY_MS = 1_000;

/** What puts a piece into the file. */
type Apply = (piece: SearchPiece) => Failure | null;

export class SearchFeed {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #apply: Apply;
  readonly #mayIndex: () => boolean;
  /** Whether the search thread is at work on a piece, or one waits to be tried again. */
  #busy = false;
  /** Messages that no block holds yet, as far as is known; while the thread is at work, those that came since it was asked. */
  #newMessages = BLOCK_MESSAGES;
  #retry: NodeJS.Timeout | undefined;

  constructor(path: string, apply: Apply, mayIndex: () => boolean) {
    this.#apply = apply;
    this.#mayIndex = mayIndex;
    const { port1, port2 } = new MessageChannel();
    this.#worker = new Worker(new URL('./search-thread.ts', import.meta.url), {
      workerData: { path, port: port2 },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
      name: 'search',
    });
    this.#port = port1;
    this.#port.on('message', (reply: SearchReply) => this.#receive(reply));
  }

  /**
   * New messages were committed. A block's worth of them is work for the index.
   * A piece that waits is put in now: the event loop of a writer with no pause between its batches would not come to it.
   */
  committed(messages: number): void {
    this.#newMessages += messages;
    const waiting = receiveMessageOnPort(this.#port);
    if (waiting !== undefined) this.#receive(waiting.message as SearchReply);
    if (!this.#busy && this.#newMessages >= BLOCK_MESSAGES) this.#ask();
  }

  /** Messages were removed: there may be lists to rewrite. */
  removed(): void {
    this.committed(BLOCK_MESSAGES);
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#worker.terminate();
  }

  #ask(): void {
    this.#busy = true;
    if (!this.#mayIndex()) {
      this.#retry = setTimeout(() => this.#ask(), TURN_MS);
      return;
    }
    this.#newMessages = 0;
    this.#port.postMessage('next');
  }

  #receive(reply: SearchReply): void {
    if (typeof reply === 'number') {
      this.#busy = false;
      this.#newMessages += reply;
      if (this.#newMessages >= BLOCK_MESSAGES) this.#ask();
    } else if (this.#apply(reply) === null) {
      this.#ask();
    } else {
      this.#retry = setTimeout(() => this.#receive(reply), RETRY_MS);
    }
  }
}
