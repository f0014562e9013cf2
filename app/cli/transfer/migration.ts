// A migration: copies all messages by their numbers, waits until the service has stopped, copies the rest, and compares everything.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  MigrationEnd,
  MigrationSource,
  MigrationTarget,
  NumberedMessage,
} from '../../storage/migration.ts';
import { CommandError } from '../exit.ts';

const CHUNK_MESSAGES = 1_000;
const CHUNK_TOMBSTONES = 10_000;
/** How often it looks whether the service has stopped, and for what it has stored meanwhile. */
const POLL_MS = 500;

/** Called while it works: `done` of `all` numbers. `waiting`: all is copied, and the service still runs. */
export interface MigrationEvents {
  copying(done: number, all: number): void;
  waiting(copied: number): void;
  comparing(done: number, all: number): void;
}

export interface MigrationReport {
  readonly messages: number;
  readonly tombstones: number;
  readonly lastSeq: number;
  /** Chunks of messages that were compared, and the SHA-256 of their digests. */
  readonly chunks: number;
  readonly sha256: string;
}

export class Migration {
  readonly #source: MigrationSource;
  readonly #target: MigrationTarget;
  readonly #signal: AbortSignal;
  readonly #events: MigrationEvents;

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
    let copied = await this.#copyMessages();
    while (!(await this.#source.freeze())) {
      this.#events.waiting(copied);
      await sleep(POLL_MS, undefined, { signal: this.#signal });
      copied = await this.#copyMessages();
    }
    // Nobody writes any more.
    await this.#copyMessages();
    const lastSeq = await this.#source.lastSeq();
    await this.#copyTombstones();
    const compared = await this.#compareMessages(lastSeq);
    const tombstones = await this.#compareTombstones();
    await this.#source.freeze();
    await this.#target.finish(lastSeq);
    return { ...compared, tombstones, lastSeq };
  }

  /** Copies what the target lacks. Resolves with the number up to which it has everything. */
  async #copyMessages(): Promise<number> {
    const last = await this.#source.lastSeq();
    let after = await this.#target.lastSeq();
    if (after > last)
      throw new CommandError(
        `the target has numbers up to ${after}, the source up to ${last}: it was begun with another source`,
      );
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = await this.#source.messages(after, last, CHUNK_MESSAGES);
      const end = chunk.at(-1)?.seq;
      // The last numbers may have no message.
      if (end === undefined) return last;
      await this.#target.store(chunk);
      after = end;
      this.#events.copying(after, last);
      await eventLoop();
    }
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

  async #compareMessages(
    last: number,
  ): Promise<Pick<MigrationReport, 'messages' | 'chunks' | 'sha256'>> {
    const digests = createHash('sha256');
    let [messages, chunks] = [0, 0];
    for (let after = 0; after < last; chunks += 1) {
      this.#signal.throwIfAborted();
      const chunk = await this.#source.messages(after, last, CHUNK_MESSAGES);
      const end = chunk.length < CHUNK_MESSAGES ? last : (chunk.at(-1)?.seq ?? last);
      digests.update(await this.#compareChunk(chunk, after, end));
      messages += chunk.length;
      after = end;
      this.#events.comparing(after, last);
      await eventLoop();
    }
    return { messages, chunks, sha256: digests.digest('hex') };
  }

  /** Resolves with the digest that both have. What was removed from the source since it was copied is removed from the target. */
  async #compareChunk(
    chunk: readonly NumberedMessage[],
    after: number,
    end: number,
  ): Promise<string> {
    const digest = digestOf(chunk);
    const copy = await allMessages(this.#target, after, end);
    if (digestOf(copy) === digest) return digest;
    const kept = new Set(chunk.map(({ seq }) => seq));
    const others = copy.filter(({ seq }) => !kept.has(seq));
    if (await this.#source.areRemoved(others.map(({ message_id }) => message_id))) {
      await this.#target.remove(others);
      if (digestOf(await allMessages(this.#target, after, end)) === digest) return digest;
    }
    throw new CommandError(
      `messages ${after + 1} to ${end} differ between source and target: remove the target, and begin again`,
    );
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

/** Returns all messages in a range of numbers: where messages were removed from the other end, there may be more than a chunk. */
async function allMessages(
  end: MigrationEnd,
  after: number,
  upTo: number,
): Promise<NumberedMessage[]> {
  const all: NumberedMessage[] = [];
  for (let from = after; ;) {
    const chunk = await end.messages(from, upTo, CHUNK_MESSAGES);
    all.push(...chunk);
    if (chunk.length < CHUNK_MESSAGES) return all;
    from = chunk.at(-1)?.seq ?? upTo;
  }
}

/** Returns the SHA-256 of messages with all that is kept of each. */
function digestOf(messages: readonly NumberedMessage[]): string {
  const digest = createHash('sha256');
  for (const { seq, message_id, from, to, ts, text, created_at } of messages)
    digest.update(`${JSON.stringify([seq, message_id, from, to, ts, text, created_at])}\n`);
  return digest.digest('hex');
}

function isEqual(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return Buffer.concat(a).equals(Buffer.concat(b)) && a.length === b.length;
}

/** Signals arrive in an iteration of the event loop. */
async function eventLoop(): Promise<void> {
  await new Promise(setImmediate);
}
