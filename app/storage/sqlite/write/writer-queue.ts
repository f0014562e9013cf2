// The bounded queue in front of the writer's thread: messages go to it in small parcels, as soon as they are there.
import type { Worker } from 'node:worker_threads';
import type { Message } from '../../model/message.ts';
import type { AppendOutcome, StoreObserver, Unavailable } from '../../store.ts';
import type { UnavailableReason } from '../../model/unavailable.ts';
import { DiskProbes } from './disk-probes.ts';
import { APPEND_OUTCOMES, type WriterReply, type WriterRequest } from '../file/protocol.ts';
import { startWriter } from './writer-start.ts';

/**
 * Messages that go to the writer at a time, where one turn of the event loop brings in more: so the writer begins
 * to commit the first of them while the rest are still being read. What it groups into one commit is its own affair.
 */
const PARCEL_MESSAGES = 16;
/** The longest text has 4,096 characters of up to four bytes; this bounds the queue for the worst of them. */
const QUEUE_UNITS_MAX = 32 * 1_048_576;
/**
 * A message that would wait longer is refused at once: its sender may be gone by then, and all behind it wait as well.
 * What a commit takes at least always gets in, however slow the disk.
 */
const WAIT_MS_MAX = 1_000;
const COMMIT_MESSAGES = 512;
/** A commit that takes longer is given up: its messages, and those behind it, are answered `timeout`. */
const COMMIT_MS_MAX = 10_000;
const WATCH_INTERVAL_MS = 1_000;

export interface WriterOptions {
  readonly queueMessagesMax: number;
  /** Messages older than this many days are removed; null keeps all. */
  readonly retentionDays: number | null;
}

interface Waiting {
  readonly message: Message;
  readonly settle: (outcome: AppendOutcome | Unavailable) => void;
}

/** The size of a message in UTF-16 units, as far as it varies. */
function unitsOf(message: Message): number {
  return message.message_id.length + (message.text?.length ?? 0);
}

export class WriterQueue {
  readonly #worker: Worker;
  readonly #observer: StoreObserver;
  readonly #messagesMax: number;
  readonly #idle = new Set<() => void>();
  /** The next parcel. */
  #parcel: Waiting[] = [];
  /** With the writer, in the order in which it answers. */
  #sent: Waiting[] = [];
  #units = 0;
  /** From one answer of the busy writer to the next: the commit, and what is filled between two of them. */
  #lastTurnMs = 0;
  #sendScheduled = false;
  #closing = false;
  #closed: Promise<void> | null = null;
  #dead = false;
  #busySinceMs = 0;
  readonly #disk: DiskProbes;
  readonly #watch: NodeJS.Timeout;

  /** Whether no other service used the file when it was opened. */
  readonly alone: boolean;

  private constructor(
    worker: Worker,
    alone: boolean,
    messagesMax: number,
    observer: StoreObserver,
  ) {
    this.#worker = worker;
    this.alone = alone;
    this.#messagesMax = messagesMax;
    this.#observer = observer;
    this.#disk = new DiskProbes(
      () => this.#post({ kind: 'probe' }),
      () => observer.diskRecovered(),
    );
    this.#watch = setInterval(() => this.#giveUpWhenStuck(), WATCH_INTERVAL_MS).unref();
    worker.on('message', (reply: WriterReply) => this.#receive(reply));
    worker.on('error', (error) =>
      this.#die(error instanceof Error ? error : new Error(String(error))),
    );
    worker.on('exit', () => this.#die(new Error('the writer thread ended')));
  }

  /** Starts the thread and waits until it has opened and migrated the file; it holds searches by `gate`. Rejects with OpenError. */
  static async open(
    path: string,
    options: WriterOptions,
    gate: SharedArrayBuffer,
    observer: StoreObserver,
  ): Promise<WriterQueue> {
    const { worker, alone } = await startWriter(path, options.retentionDays, gate, observer);
    return new WriterQueue(worker, alone, options.queueMessagesMax, observer);
  }

  /** Messages that wait or are being committed. */
  get depth(): number {
    return this.#parcel.length + this.#sent.length;
  }

  /** Whether a batch failed for want of disk, and no write has succeeded since. */
  get diskFailed(): boolean {
    return this.#disk.failed;
  }

  /** How long the writer has owed an answer, in milliseconds; 0 when it is idle. */
  get busyMs(): number {
    return this.#sent.length === 0 ? 0 : performance.now() - this.#busySinceMs;
  }

  /** Resolves with the durable outcome, or with why there is none: the queue is full or closing, or the commit failed. */
  append(message: Message): Promise<AppendOutcome | Unavailable> {
    const units = unitsOf(message);
    const refusal = this.#refusal(units);
    if (refusal !== null) return Promise.resolve({ unavailable: refusal });
    this.#units += units;
    return new Promise((settle) => {
      this.#parcel.push({ message, settle });
      if (this.#parcel.length >= PARCEL_MESSAGES) this.#send();
      else if (!this.#sendScheduled) {
        this.#sendScheduled = true;
        // Not at once: whatever else this turn of the event loop brings in shares the commit.
        setImmediate(() => {
          this.#sendScheduled = false;
          this.#send();
        });
      }
    });
  }

  /** Takes nothing more, commits what it has, closes the file, ends the thread. */
  close(): Promise<void> {
    this.#closing = true;
    this.#disk.close();
    this.#closed ??= this.#drainAndClose();
    return this.#closed;
  }

  async #drainAndClose(): Promise<void> {
    if (this.depth > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
    if (this.#dead) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#worker.removeAllListeners('exit');
    this.#worker.once('exit', () => resolve());
    this.#post({ kind: 'close' });
    await promise;
  }

  #send(): void {
    if (this.#parcel.length === 0 || this.#dead) return;
    if (this.#sent.length === 0) this.#busySinceMs = performance.now();
    this.#post({ kind: 'append', messages: this.#parcel.map((entry) => entry.message) });
    this.#sent.push(...this.#parcel);
    this.#parcel = [];
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === 'probed') this.#disk.wrote(reply.failure);
    if (reply.kind === 'pruned') this.#observer.pruned(reply.messages);
    if (reply.kind === 'prune-run') this.#observer.pruneRun(reply.run);
    if (reply.kind !== 'appended') return;
    this.#lastTurnMs = this.busyMs;
    this.#busySinceMs = performance.now();
    const answered = this.#sent.splice(0, reply.outcomes.length);
    for (const [index, entry] of answered.entries()) {
      this.#units -= unitsOf(entry.message);
      const outcome = APPEND_OUTCOMES[reply.outcomes[index] ?? -1] ?? 'unavailable';
      entry.settle(outcome === 'unavailable' ? { unavailable: reply.failure ?? 'other' } : outcome);
    }
    this.#observer.batch({
      messages: answered.length,
      commitMs: reply.commitMs,
      failure: reply.failure,
    });
    this.#disk.wrote(reply.failure);
    this.#settleIdle();
  }

  /**
   * A writer that hangs, as on a disk that does not answer, must not keep its callers waiting for ever.
   * What it was given stays given: its answer is still to come, and settling twice does nothing.
   */
  #giveUpWhenStuck(): void {
    if (this.busyMs < COMMIT_MS_MAX) return;
    for (const entry of this.#sent) entry.settle({ unavailable: 'timeout' });
  }

  /** The thread is gone: nothing that waits can be stored any more, and the process must not pretend otherwise. */
  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = true;
    clearInterval(this.#watch);
    this.#disk.close();
    for (const entry of [...this.#sent, ...this.#parcel]) entry.settle({ unavailable: 'other' });
    this.#sent = [];
    this.#parcel = [];
    this.#settleIdle();
    this.#observer.fatal(error);
  }

  /** Why a message of this size cannot be taken now; null when it can. */
  #refusal(units: number): UnavailableReason | null {
    if (this.#dead) return 'other';
    if (this.#closing) return 'shutting_down';
    const full = this.depth >= this.#messagesMax || this.#units + units > QUEUE_UNITS_MAX;
    return full || this.#tooSlow() ? 'queue_full' : null;
  }

  /** Whether what waits takes too long already, at the pace of the last batch. */
  #tooSlow(): boolean {
    return (
      this.depth >= COMMIT_MESSAGES &&
      (this.depth / COMMIT_MESSAGES) * this.#lastTurnMs > WAIT_MS_MAX
    );
  }

  #settleIdle(): void {
    if (this.depth > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  #post(request: WriterRequest): void {
    this.#worker.postMessage(request);
  }
}
