// When to checkpoint: the bulk in another thread, the short rest between two commits, so that the WAL starts over.
import { Worker } from 'node:worker_threads';
import type { Writer } from './writer.ts';

/** After this many messages the WAL is worth copying: some 20 to 40 MB of it. */
const CHECKPOINT_MESSAGES = 8_192;
/** WAL frames that the writer may copy itself without a pause that is felt. */
const REST_FRAMES_MAX = 2_000;

/**
 * While messages keep coming, a checkpoint beside the writer never sees the end of the WAL, and only
 * a WAL that has been copied to its end is started over; so the writer copies the last frames itself.
 */
export class Checkpoints {
  readonly #worker: Worker;
  #running = false;
  #rest: number | null = null;
  #messages = 0;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
      workerData: { path },
      name: 'checkpoint',
    });
    this.#worker.on('message', (remaining: number) => {
      this.#running = false;
      this.#rest = remaining;
    });
  }

  /** Called after each commit, between two batches. */
  committed(messages: number, writer: Writer): void {
    this.#messages += messages;
    if (this.#rest !== null) {
      if (this.#rest <= REST_FRAMES_MAX) writer.checkpoint();
      this.#rest = null;
    }
    if (this.#running || this.#messages < CHECKPOINT_MESSAGES) return;
    this.#messages = 0;
    this.#running = true;
    this.#worker.postMessage('checkpoint');
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
