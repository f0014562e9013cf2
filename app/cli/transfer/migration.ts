// A migration: copies all items by their numbers, waits until the service has stopped, copies the rest, and compares everything.
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationSource, MigrationTarget } from '../../storage/migration.ts';
import { CommandError } from '../exit.ts';
import { copyForwards } from './forward-copy.ts';
import { CHUNK_DELIVERIES, CHUNK_ITEMS, type Compared, Comparison } from './comparison.ts';

const CHUNK_TOMBSTONES = 10_000;
/** How often it looks whether the service has stopped, and for what it has stored meanwhile. */
const POLL_MS = 500;

/** Called while it works: `done` of `all` numbers. `waiting`: all is copied, and the service still runs. */
export interface MigrationEvents {
  copying(done: number, all: number): void;
  waiting(copied: number): void;
  comparing(done: number, all: number): void;
}

export interface MigrationReport extends Compared {
  readonly tombstones: number;
  /** Destinations, and their rows. */
  readonly forwards: number;
  readonly unfinished: number;
  readonly lastSeq: number;
}

export class Migration {
  readonly #source: MigrationSource;
  readonly #target: MigrationTarget;
  readonly #signal: AbortSignal;
  readonly #events: MigrationEvents;
  #deliveriesUpTo = 0;

  /** `signal` stops it; it may be continued with the same two databases. */
  constructor(
    source: MigrationSource,
    target: MigrationTarget,
    signal: AbortSignal,
    events: MigrationEvents,
  ) {
    this.#source = source;
    this.#target = target;
    this.#signal = signal;
    this.#events = events;
  }

  /** Resolves when the target is complete. Rejects with CommandError where it is not a copy, and with what the two reject with. */
  async run(): Promise<MigrationReport> {
    let copied = await this.#copy();
    while (!(await this.#source.freeze())) {
      this.#events.waiting(copied);
      await sleep(POLL_MS, undefined, { signal: this.#signal });
      copied = await this.#copy();
    }
    // Nobody writes any more.
    await this.#copy();
    const lastSeq = await this.#source.lastSeq();
    await this.#copyTombstones();
    const comparison = new Comparison(this.#source, this.#target, (done) => {
      this.#signal.throwIfAborted();
      this.#events.comparing(done, lastSeq);
    });
    const compared = await comparison.run(lastSeq);
    const tombstones = await this.#compareTombstones();
    const forwarding = await copyForwards(this.#source, this.#target, async () => {
      this.#signal.throwIfAborted();
      await eventLoop();
    });
    await this.#source.freeze();
    await this.#target.finish(lastSeq);
    return { ...compared, ...forwarding, tombstones, lastSeq };
  }

  /** Copies what the target lacks. Resolves with the number up to which it has everything. */
  async #copy(): Promise<number> {
    const last = await this.#source.lastSeq();
    let after = await this.#target.lastSeq();
    if (after > last)
      throw new CommandError(
        `the target has numbers up to ${after}, the source up to ${last}: it was begun with another source`,
      );
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = await this.#source.items(after, last, CHUNK_ITEMS);
      const end = chunk.at(-1)?.seq;
      // The last numbers may have no item.
      if (end === undefined) break;
      await this.#target.store(chunk);
      after = end;
      this.#events.copying(after, last);
      await eventLoop();
    }
    await this.#copyDeliveries(last);
    return last;
  }

  /** After a new start all are read again, and those that the target has are passed over: items may be without theirs. */
  async #copyDeliveries(last: number): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = await this.#source.deliveries(this.#deliveriesUpTo, last, CHUNK_DELIVERIES);
      const end = chunk.at(-1)?.number;
      if (end === undefined) break;
      await this.#target.storeDeliveries(chunk);
      this.#deliveriesUpTo = end;
      await eventLoop();
    }
    this.#deliveriesUpTo = last;
  }

  async #copyTombstones(): Promise<void> {
    for (let after: Uint8Array | null = null; ;) {
      this.#signal.throwIfAborted();
      const chunk: readonly Uint8Array[] = await this.#source.tombstones(after, CHUNK_TOMBSTONES);
      if (chunk.length === 0) return;
      await this.#target.addTombstones(chunk);
      after = chunk.at(-1) ?? null;
      await eventLoop();
    }
  }

  async #compareTombstones(): Promise<number> {
    let count = 0;
    for (let after: Uint8Array | null = null; ;) {
      this.#signal.throwIfAborted();
      const [chunk, copy]: (readonly Uint8Array[])[] = await Promise.all([
        this.#source.tombstones(after, CHUNK_TOMBSTONES),
        this.#target.tombstones(after, CHUNK_TOMBSTONES),
      ]);
      if (chunk === undefined || copy === undefined || !isEqual(chunk, copy))
        throw new CommandError(
          'source and target remember other removed ids: remove the target, and begin again',
        );
      if (chunk.length === 0) return count;
      count += chunk.length;
      after = chunk.at(-1) ?? null;
      await eventLoop();
    }
  }
}

function isEqual(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return Buffer.concat(a).equals(Buffer.concat(b)) && a.length === b.length;
}

/** Signals arrive in an iteration of the event loop. */
async function eventLoop(): Promise<void> {
  await new Promise(setImmediate);
}
