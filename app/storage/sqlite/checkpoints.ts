// When to checkpoint: the bulk in another thread, the short rest between two commits, so that the WAL starts over.
import {
  MessageChannel,
  type MessagePort,
  Worker,
  receiveMessageOnPort,
} from 'node:worker_threads';
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
  readonly #port: MessagePort;
  #running = false;
  #messages = 0;

  constructor(path: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
      workerData: { path, port: port2, restFramesMax: REST_FRAMES_MAX },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      name: 'checkpoint',
    });
  }

  /** Called after each commit of messages, between two batches. */
  committed(messages: number, writer: Writer): void {
    this.#messages += messages;
    // Not by an event: the event loop of a writer with no pause between its batches would not come to it.
    const reply = receiveMessageOnPort(this.#port);
    if (reply !== undefined) {
      this.#running = false;
      const { restFrames, logFrames } = reply.message as CheckpointReply;
      if (restFrames <= REST_FRAMES_MAX || logFrames > LOG_FRAMES_MAX) writer.checkpoint();
    }
    if (this.#running || this.#messages < CHECKPOINT_MESSAGES) return;
    this.#messages = 0;
    this.#running = true;
    this.#port.postMessage('checkpoint');
  }

  /** Called after each piece of the search index: it is filled without messages too, as after an upgrade. */
  indexed(writer: Writer): void {
    this.committed(PIECE_MESSAGES, writer);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
