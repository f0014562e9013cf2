// The bounded queue in front of an engine: appends are handed over in chunks, and refused where they would wait too long.
import { type Item, isEvent, isOfSource } from '../model/item.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { AppendOutcome, Unavailable } from './store.ts';

/**
 * Messages that make a chunk, where one iteration of the event loop brings in more: so the engine begins to commit the first of
 * them while the rest are still being read. The engine decides what it groups into one commit.
 */
const CHUNK_MESSAGES = 16;
/** The longest text has 4,096 characters of up to four bytes; this bounds the queue for the worst of them. */
const QUEUE_UNITS_MAX = 32 * 1_048_576;
/**
 * A message that would wait longer is refused at once: its sender may be gone by then, and all behind it wait as well.
 * Less than a full batch is always accepted, however slow the disk.
 */
const WAIT_MS_MAX = 1_000;
/** Messages of a full batch: an engine commits no more than this and the rest of a chunk at once, so that a commit stays short. */
export const BATCH_MESSAGES = 512;
/** An engine that takes longer for a batch is stuck: its messages, and those behind it, get `timeout`. */
export const COMMIT_MS_MAX = 10_000;
const WATCH_INTERVAL_MS = 1_000;

/** An append that waits for its outcomes: that of so many messages, stored all or none. */
interface Append {
  readonly messages: number;
  readonly units: number;
  readonly settle: (outcomes: readonly AppendOutcome[] | Unavailable) => void;
}

/** The size of items in UTF-16 units, as far as it varies, and of their deliveries in bytes. */
function unitsOf(items: readonly Item[]): number {
  let units = 0;
  for (const item of items) {
    units += isEvent(item)
      ? item.event_id.length
      : item.message_id.length + (item.text?.length ?? 0);
    if (isOfSource(item)) units += item.payload?.length ?? 0;
  }
  const [first] = items;
  return first !== undefined && isOfSource(first) ? units + first.delivery.body.length : units;
}

export class AppendQueue {
  readonly #submit: (messages: readonly Item[]) => void;
  readonly #messagesMax: number;
  readonly #idle = new Set<() => void>();
  /** The next chunk. */
  #chunk: Item[] = [];
  /** In the order in which the engine commits: what it has, then what the next chunk holds. */
  #waiting: Append[] = [];
  /** Messages that the engine has. */
  #submitted = 0;
  #messages = 0;
  #units = 0;
  /** How long the last batch took while the engine was busy. */
  #lastBatchMs = 0;
  #sendScheduled = false;
  #refusing: UnavailableReason | null = null;
  #busySinceMs = 0;
  readonly #watch: NodeJS.Timeout;

  /**
   * `submit` hands messages to the engine, which reports all of them in the same order by `committed` and `failed`. It must not split them
   * over several transactions. `messagesMax`, at least 1, is how many may wait.
   */
  constructor(submit: (messages: readonly Item[]) => void, messagesMax: number) {
    this.#submit = submit;
    this.#messagesMax = messagesMax;
    this.#watch = setInterval(() => this.#giveUpWhenStuck(), WATCH_INTERVAL_MS).unref();
  }

  /** Messages that wait or are being committed. */
  get depth(): number {
    return this.#messages;
  }

  /** How long the engine has been busy with the oldest batch, in milliseconds; 0 when it is idle. */
  get busyMs(): number {
    return this.#submitted === 0 ? 0 : performance.now() - this.#busySinceMs;
  }

  /**
   * Queues items that are stored all or none. Resolves with the durable outcome of each, or with why there is none: the queue is
   * full or closing, or the commit failed.
   */
  append(messages: readonly Item[]): Promise<readonly AppendOutcome[] | Unavailable> {
    const units = unitsOf(messages);
    const refusal = this.#refusal(messages.length, units);
    if (refusal !== null) return Promise.resolve({ unavailable: refusal });
    // The engine reports by message: for none there would be no report.
    if (messages.length === 0) return Promise.resolve([]);
    this.#units += units;
    this.#messages += messages.length;
    return new Promise((settle) => {
      for (const message of messages) this.#chunk.push(message);
      this.#waiting.push({ messages: messages.length, units, settle });
      if (this.#chunk.length >= CHUNK_MESSAGES) this.#send();
      else if (!this.#sendScheduled) {
        this.#sendScheduled = true;
        // Not at once: what else this iteration of the event loop brings in shares the commit.
        setImmediate(() => {
          this.#sendScheduled = false;
          this.#send();
        });
      }
    });
  }

  /** The engine has committed the oldest messages that were submitted, with these outcomes, in their order. */
  committed(outcomes: readonly AppendOutcome[]): void {
    let at = 0;
    this.#settle(outcomes.length, ({ messages }) => outcomes.slice(at, (at += messages)));
  }

  /** The engine has failed to commit the oldest `messages` that were submitted. */
  failed(messages: number, unavailable: UnavailableReason): void {
    this.#settle(messages, () => ({ unavailable }));
  }

  /** Accepts nothing more. Resolves when every accepted append is settled. */
  async drain(): Promise<void> {
    this.#refusing ??= 'shutting_down';
    if (this.#messages > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
    clearInterval(this.#watch);
  }

  /** The engine is gone: what waits gets `other`, and nothing more is accepted. */
  fail(): void {
    this.#refusing = 'other';
    clearInterval(this.#watch);
    for (const append of this.#waiting) append.settle({ unavailable: 'other' });
    this.#waiting = [];
    this.#chunk = [];
    this.#submitted = 0;
    this.#messages = 0;
    this.#settleIdle();
  }

  /** Settles the oldest appends, which have so many messages together: the engine never splits one. */
  #settle(
    messages: number,
    resultOf: (append: Append) => readonly AppendOutcome[] | Unavailable,
  ): void {
    if (messages > this.#submitted)
      throw new Error('the engine reported more messages than were submitted');
    this.#lastBatchMs = this.busyMs;
    this.#busySinceMs = performance.now();
    this.#submitted -= messages;
    this.#messages -= messages;
    let appends = 0;
    for (let left = messages; left > 0; appends += 1) {
      const append = this.#waiting[appends] as Append;
      left -= append.messages;
      this.#units -= append.units;
      append.settle(resultOf(append));
    }
    this.#waiting.splice(0, appends);
    this.#settleIdle();
  }

  #send(): void {
    if (this.#chunk.length === 0) return;
    if (this.#submitted === 0) this.#busySinceMs = performance.now();
    this.#submit(this.#chunk);
    this.#submitted += this.#chunk.length;
    this.#chunk = [];
  }

  /** Returns why so many messages of this size cannot be accepted now; null when they can. More than fit in all get in when nothing waits. */
  #refusal(messages: number, units: number): UnavailableReason | null {
    if (this.#refusing !== null) return this.#refusing;
    const full =
      this.#messages > 0 &&
      (this.#messages + messages > this.#messagesMax || this.#units + units > QUEUE_UNITS_MAX);
    return full || this.#tooSlow() ? 'queue_full' : null;
  }

  /** Returns whether what waits would take too long, at the pace of the last batch. */
  #tooSlow(): boolean {
    return (
      this.#messages >= BATCH_MESSAGES &&
      (this.#messages / BATCH_MESSAGES) * this.#lastBatchMs > WAIT_MS_MAX
    );
  }

  /**
   * An engine that hangs, as on a disk that does not respond, must not keep its callers waiting for ever.
   * What was submitted stays counted until the engine reports it; settling twice has no effect.
   */
  #giveUpWhenStuck(): void {
    if (this.busyMs < COMMIT_MS_MAX) return;
    // What the next chunk holds is behind it.
    for (const append of this.#waiting) append.settle({ unavailable: 'timeout' });
  }

  #settleIdle(): void {
    if (this.#messages > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}
