// When to checkpoint: the bulk in another thread, the short rest between two commits, so that the WAL starts over.
import { openSync } from 'node:fs';
import {
  MessageChannel,
  type MessagePort,
  Worker,
  receiveMessageOnPort,
} from 'node:worker_threads';
import type { CheckpointReply } from './checkpoint-thread.ts';
import { GateKeeper } from '../search-gate.ts';
import type { Writer } from './writer.ts';

/** After this many messages the WAL is worth copying. Often and little: a large copy keeps the disk from syncing commits. */
const CHECKPOINT_MESSAGES = 2_048;
/** A piece of the search index makes the WAL grow as about this many messages do. */
const PIECE_MESSAGES = 64;
/** WAL frames that the writer may copy itself without a pause that is felt. */
const REST_FRAMES_MAX = 300;
/** A WAL of more frames (64 MiB) is long: searches that keep it from starting over are held, and short reads waited for. */
const LONG_FRAMES = 16_384;
/** A WAL of more frames (128 MiB) is copied by the writer however long that takes, where nobody's snapshot is in the way. */
const LOG_FRAMES_MAX = 32_768;
/** How long the writer waits for short reads to end, so that the WAL starts over. */
const WAIT_MS_MAX = 40;
/** The gate is shut for so long at a time, and shut again with each commit. */
const SHUT_MS = 1_000;
/** A search ends within 10 s, and the copying after it is bounded as well. */
const HOLD_MS_MAX = 15_000;

interface Hold {
  readonly sinceMs: number;
  /** Whether no search was at work when the round began: what blocks it is something else. */
  alone: boolean;
}

/**
 * While messages keep coming, a checkpoint beside the writer never sees the end of the WAL, and only
 * a WAL that has been copied to its end is started over; so the writer copies the last frames itself.
 * No copying gets past the oldest snapshot, and where searches follow one another there is always one:
 * over a bound no new ones begin until the WAL has started over.
 */
export class Checkpoints {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #gate: GateKeeper;
  #running = false;
  #messages = 0;
  #hold: Hold | null = null;
  /** How far the WAL was copied when something that is not a search of ours was found in the way; null once it gets further. */
  #obstacleAt: number | null = null;

  /** `gate` is the memory of the gate before the searches on this file. */
  constructor(path: string, gate: SharedArrayBuffer) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#gate = new GateKeeper(gate);
    // Of this thread, which ends after its connections: closing a descriptor drops the locks of its process on the file (fcntl(2)).
    const file = openSync(path, 'r+');
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
      workerData: { path, file, port: port2, restFramesMax: REST_FRAMES_MAX },
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
      this.#copied(reply.message as CheckpointReply, writer);
    }
    if (this.#hold !== null) this.#gate.shut(SHUT_MS);
    if (this.#running || (this.#messages < CHECKPOINT_MESSAGES && this.#hold === null)) return;
    this.#messages = 0;
    this.#running = true;
    if (this.#hold !== null) this.#hold.alone = !this.#gate.someAtWork;
    this.#port.postMessage('checkpoint');
  }

  /** Called after each piece of the search index: it is filled without messages too, as after an upgrade. */
  indexed(writer: Writer): void {
    this.committed(PIECE_MESSAGES, writer);
  }

  async close(): Promise<void> {
    this.#gate.open();
    await this.#worker.terminate();
  }

  #copied(reply: CheckpointReply, writer: Writer): void {
    const { logFrames, copiedFrames, blocked } = reply;
    const long = logFrames > LONG_FRAMES;
    const short = logFrames - copiedFrames <= REST_FRAMES_MAX;
    if (copiedFrames !== this.#obstacleAt) this.#obstacleAt = null;
    if (short || (!blocked && logFrames > LOG_FRAMES_MAX)) {
      if (!long) writer.checkpoint();
      else if (this.#startOver(writer)) return this.#release();
    }
    if (!long) this.#release();
    else if (this.#hold !== null) this.#holdOn(this.#hold, reply);
    else if (blocked && this.#gate.someAtWork && this.#obstacleAt === null)
      this.#hold = { sinceMs: performance.now(), alone: false };
  }

  /** Nothing is held for the sake of a snapshot that is none of ours: until it has gone, searches go on beside a long WAL. */
  #holdOn(hold: Hold, { blocked, copiedFrames }: CheckpointReply): void {
    const vain = blocked && hold.alone;
    if (!vain && performance.now() - hold.sinceMs < HOLD_MS_MAX) return;
    this.#obstacleAt = copiedFrames;
    this.#release();
  }

  /** Copies the rest, and has the next commit start the WAL over if no search is at work. Gives whether it will. */
  #startOver(writer: Writer): boolean {
    this.#gate.shut(SHUT_MS);
    const done = this.#gate.someAtWork ? null : writer.startLogOver(WAIT_MS_MAX);
    if (done === null) writer.checkpoint();
    if (this.#hold === null) this.#gate.open();
    return done ?? false;
  }

  #release(): void {
    if (this.#hold === null) return;
    this.#hold = null;
    this.#gate.open();
  }
}
