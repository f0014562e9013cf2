// Between the writer and the search thread: one piece of the index at a time, between two commits.
import { Worker } from 'node:worker_threads';
import type { Failure } from '../protocol.ts';
import { BLOCK_MESSAGES } from './blocks.ts';
import type { SearchPiece } from './indexer.ts';

/** While another process fills the index, this one asks so often whether it still does. */
const TURN_MS = 5_000;
/** After a failure the piece waits this long before it is tried again. */
const RETRY_MS = 1_000;

/** What puts a piece into the file. */
type Apply = (piece: SearchPiece) => Failure | null;

export class SearchFeed {
  readonly #worker: Worker;
  readonly #apply: Apply;
  readonly #mayIndex: () => boolean;
  /** Whether the search thread is at work on a piece, or one waits to be tried again. */
  #busy = false;
  #newMessages = BLOCK_MESSAGES;
  #retry: NodeJS.Timeout | undefined;

  constructor(path: string, apply: Apply, mayIndex: () => boolean) {
    this.#apply = apply;
    this.#mayIndex = mayIndex;
    this.#worker = new Worker(new URL('./search-thread.ts', import.meta.url), {
      workerData: { path },
      name: 'search',
    });
    this.#worker.on('message', (piece: SearchPiece | null) => this.#receive(piece));
  }

  /** New messages were committed. A block's worth of them is work for the index. */
  committed(messages: number): void {
    this.#newMessages += messages;
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
    this.#worker.postMessage('next');
  }

  #receive(piece: SearchPiece | null): void {
    if (piece === null) {
      this.#busy = false;
      if (this.#newMessages >= BLOCK_MESSAGES) this.#ask();
    } else if (this.#apply(piece) === null) {
      this.#ask();
    } else {
      this.#retry = setTimeout(() => this.#receive(piece), RETRY_MS);
    }
  }
}
