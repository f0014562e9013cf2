// The bounded queue in front of an engine: appends are handed over in chunks, and refused where they would wait too long.
import type { Message } from '../model/message.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { AppendOutcome, Unavailable } from './store.ts';

/**
 * Messages that make a chunk, where one turn of the event loop brings in more: so the engine begins to commit the first of
 * them while the rest are still being read. What it groups into one commit is its own affair.
 */
const CHUNK_MESSAGES = 16;
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

/** Messages that are stored all or none. */
interface Append {
  readonly messages: readonly Message[];
  readonly units: number;
  readonly settle: (outcomes: readonly AppendOutcome[] | Unavailable) => void;
}

/** The size of messages in UTF-16 units, as far as it varies. */
function unitsOf(messages: readonly Message[]): number {
  let units = 0;
  for (const { message_id, text } of messages) units += message_id.length + (text?.length ?? 0);
  return units;
}

export class AppendQueue {
  readonly #submit: (messages: readonly Message[]) => void;
  readonly #messagesMax: number;
  readonly #idle = new Set<() => void>();
  /** The next chunk. */
  #chunk: Append[] = [];
  /** With the engine, in the order in which it answers. */
  #sent: Append[] = [];
  #messages = 0;
  #chunkMessages = 0;
  #units = 0;
  /** From one answer of the busy engine to the next. */
  #lastTurnMs = 0;
  #sendScheduled = false;
  #refusing: UnavailableReason | null = null;
  #busySinceMs = 0;
  readonly #watch: NodeJS.Timeout;

  /**
   * `submit` hands messages to the engine, which answers all that it was given in the same order by `answered`. It must not split them
   * over several transactions. `messagesMax`, at least 1, is how many may wait.
   */
  constructor(submit: (messages: readonly Message[]) => void, messagesMax: number) {
    this.#submit = submit;
    this.#messagesMax = messagesMax;
    this.#watch = setInterval(() => this.#giveUpWhenStuck(), WATCH_INTERVAL_MS).unref();
  }

  /** Messages that wait or are being committed. */
  get depth(): number {
    return this.#messages;
  }

  /** How long the engine has owed an answer, in milliseconds; 0 when it is idle. */
  get busyMs(): number {
    return this.#sent.length === 0 ? 0 : performance.now() - this.#busySinceMs;
  }

  /**
   * Queues messages that are stored all or none. Resolves with the durable outcome of each, or with why there is none: the queue is
   * full or closing, or the commit failed.
   */
  append(messages: readonly Message[]): Promise<readonly AppendOutcome[] | Unavailable> {
    const units = unitsOf(messages);
    const refusal = this.#refusal(messages.length, units);
    if (refusal !== null) return Promise.resolve({ unavailable: refusal });
    // The engine answers by message: of none it would say nothing.
    if (messages.length === 0) return Promise.resolve([]);
    this.#units += units;
    this.#messages += messages.length;
    this.#chunkMessages += messages.length;
    return new Promise((settle) => {
      this.#chunk.push({ messages, units, settle });
      if (this.#chunkMessages >= CHUNK_MESSAGES) this.#send();
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

  /**
   * The engine has committed, or failed to commit, the oldest messages that it was given: as many as `outcomes` has; null for one
   * that is not known to be stored. They never end inside of what was appended together.
   */
  answered(outcomes: readonly (AppendOutcome | null)[], failure: UnavailableReason | null): void {
    this.#lastTurnMs = this.busyMs;
    this.#busySinceMs = performance.now();
    let at = 0;
    let appends = 0;
    while (at < outcomes.length) {
      const append = this.#sent[appends];
      if (append === undefined) throw new Error('the engine answered more than it was given');
      const own = outcomes.slice(at, at + append.messages.length);
      at += append.messages.length;
      appends += 1;
      this.#units -= append.units;
      append.settle(isKnown(own) ? own : { unavailable: failure ?? 'other' });
    }
    this.#sent.splice(0, appends);
    this.#messages -= at;
    this.#settleIdle();
  }

  /** Takes nothing more. Resolves when all that was taken is answered. */
  async drain(): Promise<void> {
    this.#refusing ??= 'shutting_down';
    if (this.#messages > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
    clearInterval(this.#watch);
  }

  /** The engine is gone: what waits is answered `other`, and nothing more is taken. */
  fail(): void {
    this.#refusing = 'other';
    clearInterval(this.#watch);
    for (const append of [...this.#sent, ...this.#chunk]) append.settle({ unavailable: 'other' });
    this.#sent = [];
    this.#chunk = [];
    this.#messages = 0;
    this.#settleIdle();
  }

  #send(): void {
    if (this.#chunk.length === 0) return;
    if (this.#sent.length === 0) this.#busySinceMs = performance.now();
    this.#submit(this.#chunk.flatMap(({ messages }) => messages));
    this.#sent.push(...this.#chunk);
    this.#chunk = [];
    this.#chunkMessages = 0;
  }

  /** Why so many messages of this size cannot be taken now; null when they can. More than fit in all get in when nothing waits. */
  #refusal(messages: number, units: number): UnavailableReason | null {
    if (this.#refusing !== null) return this.#refusing;
    const full =
      this.#messages > 0 &&
      (this.#messages + messages > this.#messagesMax || this.#units + units > QUEUE_UNITS_MAX);
    return full || this.#tooSlow() ? 'queue_full' : null;
  }

  /** Whether what waits takes too long already, at the pace of the last batch. */
  #tooSlow(): boolean {
    return (
      this.#messages >= COMMIT_MESSAGES &&
      (this.#messages / COMMIT_MESSAGES) * this.#lastTurnMs > WAIT_MS_MAX
    );
  }

  /**
   * An engine that hangs, as on a disk that does not answer, must not keep its callers waiting for ever.
   * What it was given stays given: its answer is still to come, and settling twice has no effect.
   */
  #giveUpWhenStuck(): void {
    if (this.busyMs < COMMIT_MS_MAX) return;
    for (const append of this.#sent) append.settle({ unavailable: 'timeout' });
  }

  #settleIdle(): void {
    if (this.#messages > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}

function isKnown(outcomes: readonly (AppendOutcome | null)[]): outcomes is AppendOutcome[] {
  return !outcomes.includes(null);
}
