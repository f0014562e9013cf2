// When to checkpoint: the bulk in another thread, the short rest between two commits, so that the WAL starts over.
import { Worker } from 'node:worker_threads';
import type { CheckpointReply } from './checkpoint-thread.ts';
import type { Writer } from './writer.ts';

/** After this many messages the WAL is worth copying. Often and little: a large copy keeps the disk from syncing commits. */
const CHECKPOINT_MESSAGES = 2_048;
/** A piece of the search index makes the WAL grow as about this many messages do. */
const PIECE_MESSAGES = 64;
/** WAL frames that the writer may copy itself without a pause that is felt. */
const REST_FRAMES_MAX = 300;
/** A WAL of more frames (128 MiB) is copied by the writer however long that takes, as far as the snapshots of readers let it. */
const LOG_FRAMES_MAX = 32_768;

/**
 * While messages keep coming, a checkpoint beside the writer never sees the end of the WAL, and only
 * a WAL that has been copied to its end is started over; so the writer copies the last frames itself.
 */
export class Checkpoints {
  readonly #worker: Worker;
  #running = false;
  #copied: CheckpointReply | null = null;
  #messages = 0;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
      workerData: { path, restFramesMax: REST_FRAMES_MAX },
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      name: 'checkpoint',
    });
    this.#worker.on('message', (reply: CheckpointReply) => {
      this.#running = false;
      this.#copied = reply;
    });
  }

  /** Called after each commit of messages, between two batches. */
  committed(messages: number, writer: Writer): void {
    this.#messages += messages;
    if (this.#copied !== null) {
      const { restFrames, logFrames } = this.#copied;
      if (restFrames <= REST_FRAMES_MAX || logFrames > LOG_FRAMES_MAX) writer.checkpoint();
      this.#copied = null;
    }
    if (this.#running || this.#messages < CHECKPOINT_MESSAGES) return;
    this.#messages = 0;
    this.#running = true;
    this.#worker.postMessage('checkpoint');
  }

  /** Called after each piece of the search index: it is filled without messages too, as after an upgrade. */
  indexed(writer: Writer): void {
    this.committed(PIECE_MESSAGES, writer);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
