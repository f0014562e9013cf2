// Background work on the writer's thread that every service has: tables of earlier versions, and records of removals.
import type { Signals } from '../file/signals.ts';
import { Pacer } from './pacer.ts';
import type { Writer } from './writer.ts';

/** How often the cleaner checks whether the index has followed a removal. */
const PURGE_EVERY_MS = 1_000;
const RETRY_MS = 10_000;
/** A step of dropping old tables fills the WAL about as much as so many messages. */
const STEP_AS_MESSAGES = 2_048;

export class Cleaner {
  readonly #writer: Writer;
  readonly #signals: Signals;
  readonly #stepped: (messages: number) => void;
  readonly #retiring = new Pacer(1);
  readonly #purging = new Pacer(1);
  #purged = 0;

  /** `stepped` is called after a step that has filled the WAL as much as so many messages. */
  constructor(writer: Writer, signals: Signals, stepped: (messages: number) => void) {
    this.#writer = writer;
    this.#signals = signals;
    this.#stepped = stepped;
    this.#retiring.after(0, () => this.#retire());
    this.#purging.after(PURGE_EVERY_MS, () => this.#purge());
  }

  /** Messages were committed. */
  committed(): void {
    this.#retiring.committed();
  }

  close(): void {
    this.#retiring.close();
    this.#purging.close();
  }

  /** Drops the tables that earlier versions derived from the messages, some rows at a time. */
  #retire(): void {
    const startMs = performance.now();
    const { remaining, failure } = this.#writer.retireSome();
    if (failure !== null) this.#retiring.after(RETRY_MS, () => this.#retire());
    else if (remaining) {
      this.#stepped(STEP_AS_MESSAGES);
      this.#retiring.pause(startMs, () => this.#retire());
    }
  }

  /** Deletes the records of removals that the index has followed: they name messages that are gone. */
  #purge(): void {
    const followed = this.#signals.get('followedRemoval');
    if (followed > this.#purged && this.#writer.purgeRemovals(followed) === null)
      this.#purged = followed;
    this.#purging.after(PURGE_EVERY_MS, () => this.#purge());
  }
}
