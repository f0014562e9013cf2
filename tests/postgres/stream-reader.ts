// A consumer of the stream that outlives its replica: it goes on after the last number that it has seen, wherever one listens.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Follower } from '../support/follower.ts';

const WATCH_MS = 20;

/** A message as the stream showed it. */
export interface Seen {
  readonly seq: number;
  readonly id: string;
}

export class StreamReader {
  readonly #seen: Seen[] = [];
  readonly #work: Promise<void>;
  #follower: Follower | null = null;
  #lastId: number | null = null;
  #stopped = false;

  /** Reads from the first message on. `portOf` gives the replica for the next connection. */
  constructor(t: Cleaner, portOf: () => number) {
    this.#work = this.#read(t, portOf);
    t.after(() => this.stop());
  }

  /** All that it has seen, in this order. */
  get seen(): readonly Seen[] {
    this.#take();
    return this.#seen;
  }

  /** Waits until it has seen so many messages. */
  async take(count: number): Promise<readonly Seen[]> {
    await eventually(`${count} messages on the stream`, () =>
      this.seen.length >= count ? true : undefined,
    );
    return this.seen;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #read(t: Cleaner, portOf: () => number): Promise<void> {
    while (!this.#stopped) {
      const query = this.#lastId === null ? '?after=0' : '';
      const follower = new Follower(t, portOf(), query, this.#lastId?.toString());
      this.#follower = follower;
      const isOver = (): boolean => follower.ended || this.#stopped;
      while (!isOver()) await sleep(WATCH_MS);
      follower.cut();
      this.#take();
      this.#follower = null;
      await sleep(WATCH_MS);
    }
  }

  /** Moves what the connection has brought to what has been seen. */
  #take(): void {
    const events = this.#follower?.events.splice(0) ?? [];
    for (const { id, data } of events) this.#seen.push({ seq: id, id: data.message_id });
    this.#lastId = this.#seen.at(-1)?.seq ?? this.#lastId;
  }
}
