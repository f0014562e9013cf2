// When to checkpoint: the bulk in another thread, the short rest between two commits, so that the WAL restarts.
import { openSync } from 'node:fs';
import {
  MessageChannel,
  type MessagePort,
  Worker,
  receiveMessageOnPort,
} from 'node:worker_threads';
import { LONG_WAL_FRAMES } from '../file/limits.ts';
import type { Signals } from '../file/signals.ts';
import type { CheckpointReply } from './checkpoint-thread.ts';
import type { Writer } from './writer.ts';

/** After this many messages the WAL is worth copying. Often and little: a large copy keeps the disk from syncing commits. */
const CHECKPOINT_MESSAGES = 2_048;
/** WAL frames that the writer may copy itself without a pause that is felt. */
const REST_FRAMES_MAX = 300;
/**
 * Of a WAL of more frames (128 MiB) the writer copies a longer rest, once a pass leaves no fewer frames than the one before: that is what
 * comes during a pass or a short read, and another pass would not leave fewer.
 */
const WAL_FRAMES_MAX = 32_768;
/** How long the writer waits for short reads to end, so that the WAL restarts. */
const WAIT_MS_MAX = 40;
/** Likewise for a WAL of more than `WAL_FRAMES_MAX`: on a machine with too much to do, a short read takes that long. */
const LONG_WAIT_MS_MAX = 500;
/** Searches are held for this long at most. One ends within 10 s, and the copying after it is bounded as well. */
const HOLD_MS_MAX = 15_000;

/**
 * While messages keep coming, a checkpoint beside the writer never sees the end of the WAL, and only
 * a WAL that has been copied to its end restarts; so the writer copies the last frames itself.
 * No checkpoint gets past the oldest snapshot, and where searches follow one another there is always one:
 * over a bound no new ones begin until the WAL has restarted.
 */
export class Checkpoints {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signals: Signals;
  #running = false;
  #messages = 0;
  /** Since when searches are held; null while they are not. */
  #heldSinceMs: number | null = null;
  /** Whether no search was running when the pass began: what blocks it is another process then. */
  #noSearchRunning = false;
  /** The frame at which something other than our searches blocked the copying; null once it gets further. */
  #blockedAtFrame: number | null = null;
  /** What the last pass had copied. Where the next gets further, only short reads that follow one another are in its way. */
  #lastCopied = 0;
  /** What the last pass had left to copy. */
  #lastRest = 0;
  readonly #report: (failure: string | null) => void;
  /** Whether the last pass failed. */
  #failing = false;

  /** `report` is called with the reason when a pass fails after one that did not, and with null when one succeeds again. */
  constructor(
    { path, walIndex }: { readonly path: string; readonly walIndex: number },
    signals: Signals,
    report: (failure: string | null) => void,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#signals = signals;
    this.#report = report;
    // Of this thread, which ends after its connections: closing a descriptor drops the locks of its process on the file (fcntl(2)).
    const file = openSync(path, 'r+');
    this.#worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
      workerData: { path, file, walIndex, port: port2, restFramesMax: REST_FRAMES_MAX },
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      name: 'checkpoint',
    });
  }

  /** Called after each commit, between two batches: of so many messages, or of a step of background work that is worth as many. */
  committed(messages: number, writer: Writer): void {
    this.#messages += messages;
    // Not by an event: the event loop of a writer with no pause between its batches would not come to it.
    const reply = receiveMessageOnPort(this.#port);
    if (reply !== undefined) {
      this.#running = false;
      this.#copied(reply.message as CheckpointReply, writer);
    }
    if (this.#heldSinceMs !== null) this.#signals.holdSearches('searchesHeldUntil');
    if (this.#running || (this.#messages < CHECKPOINT_MESSAGES && this.#heldSinceMs === null))
      return;
    this.#messages = 0;
    this.#running = true;
    this.#noSearchRunning = this.#searches === 0;
    // A pass that copies everything has the next commit restart the WAL, before its result is known here.
    writer.wal.limitCut();
    this.#port.postMessage('checkpoint');
  }

  async close(): Promise<void> {
    this.#release();
    await this.#worker.terminate();
  }

  get #searches(): number {
    return this.#signals.get('searchesActive');
  }

  /**
   * After each pass:
   * 1. Where few frames are left, or as few as can be of a very long WAL in which no snapshot stays in the way: restart the WAL if it is
   *    long and no search is running, else copy the rest.
   * 2. A WAL that is not long needs no hold.
   * 3. A long one holds new searches, unless something else was found in the way at the same frame.
   * 4. A hold that is over its time, or is blocked without our searches, is released, and the frame is remembered.
   */
  #copied({ walFrames, copiedFrames, blocked, failure }: CheckpointReply, writer: Writer): void {
    if (this.#failing !== (failure !== null)) this.#report(failure);
    this.#failing = failure !== null;
    // All of it has to be copied again, which is for the next pass.
    if (this.#failing) return this.#release();
    const long = walFrames > LONG_WAL_FRAMES;
    const rest = walFrames - copiedFrames;
    const short = rest <= REST_FRAMES_MAX;
    if (copiedFrames !== this.#blockedAtFrame) this.#blockedAtFrame = null;
    const stuck = blocked && copiedFrames === this.#lastCopied;
    const least = walFrames > WAL_FRAMES_MAX && rest >= this.#lastRest && !stuck;
    this.#lastCopied = copiedFrames;
    this.#lastRest = rest;
    if (short || least) {
      writer.wal.limitCut();
      const waitMs = least ? LONG_WAIT_MS_MAX : WAIT_MS_MAX;
      const restarted = long && this.#searches === 0 && writer.wal.restart(waitMs);
      if (restarted) return this.#release();
      writer.wal.copy();
    }
    if (!long) return this.#release();
    if (this.#heldSinceMs === null) {
      if (this.#blockedAtFrame === null) this.#hold();
      return;
    }
    const isOver = performance.now() - this.#heldSinceMs > HOLD_MS_MAX;
    // Holding searches does not help against another process's snapshot: until that has gone, they run beside a long WAL.
    if (isOver || (blocked && this.#noSearchRunning)) {
      this.#blockedAtFrame = copiedFrames;
      this.#release();
    }
  }

  #hold(): void {
    this.#heldSinceMs = performance.now();
    this.#signals.holdSearches('searchesHeldUntil');
  }

  #release(): void {
    this.#heldSinceMs = null;
    this.#signals.set('searchesHeldUntil', 0);
  }
}
