// Makes what came of attempts durable: one change after another, while the next is gathered.
import type { ForwardStore } from '../storage/store.ts';
import { moment } from './moment.ts';
import type { Session } from './session.ts';

export interface RecorderEvents {
  /** A change is durable: fewer requests are at risk. */
  recorded(): void;
  /** Another process has the lease. */
  lost(): void;
  /** It is tried again when it is asked for again. */
  failed(error: unknown): void;
}

export class Recorder {
  readonly #name: string;
  readonly #store: ForwardStore;
  readonly #session: Session;
  readonly #events: RecorderEvents;
  #running: Promise<unknown> | null = null;

  constructor(name: string, store: ForwardStore, session: Session, events: RecorderEvents) {
    this.#name = name;
    this.#store = store;
    this.#session = session;
    this.#events = events;
  }

  /** Begins to make durable what is to be, unless that is under way: then it goes on. */
  begin(): void {
    if (this.#running === null) void this.#start(false);
  }

  /** Makes everything durable that happened until now. Rejects with StoreUnavailable. `position`: also where only that changed. */
  async finish(position = false): Promise<void> {
    while (this.#running !== null) await this.#running;
    const failure = await this.#start(position);
    if (failure instanceof Error) throw failure;
  }

  #start(position: boolean): Promise<unknown> {
    const running = this.#record(position).finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running;
  }

  /** Resolves with why not everything is durable; null where it is, or is not ours any more. Never rejects. */
  async #record(position: boolean): Promise<unknown> {
    // Where there is nothing to do it would end before it is known to run.
    await Promise.resolve();
    let failure: unknown = null;
    try {
      for (;;) {
        const change = this.#session.takeChange(moment(), position);
        if (change === null) break;
        if (!(await this.#store.record(this.#name, change))) {
          this.#events.lost();
          break;
        }
        this.#session.recorded();
        this.#events.recorded();
      }
    } catch (error) {
      failure = error;
      this.#events.failed(error);
    }
    return failure;
  }
}
