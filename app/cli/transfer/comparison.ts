// The comparison at the end of a migration, chunk by chunk by SHA-256; what the source has changed meanwhile is changed in the target.
import { type Hash, createHash } from 'node:crypto';
import type {
  MigrationSource,
  MigrationTarget,
  NumberedDelivery,
  NumberedItem,
} from '../../storage/migration.ts';
import { CommandError } from '../exit.ts';

export const CHUNK_ITEMS = 1_000;
export const CHUNK_DELIVERIES = 100;

export interface Compared {
  readonly messages: number;
  readonly events: number;
  readonly deliveries: number;
  /** Chunks of items and deliveries that were compared, and the SHA-256 of their digests. */
  readonly chunks: number;
  readonly sha256: string;
}

/** Compares a frozen source with its copy. Methods reject with CommandError where they differ. */
export class Comparison {
  readonly #source: MigrationSource;
  readonly #target: MigrationTarget;
  /** Called after each chunk; may throw to stop. */
  readonly #onChunk: (after: number) => void;
  readonly #digests = createHash('sha256');
  readonly #counts = { messages: 0, events: 0, deliveries: 0, chunks: 0 };

  constructor(source: MigrationSource, target: MigrationTarget, onChunk: (after: number) => void) {
    this.#source = source;
    this.#target = target;
    this.#onChunk = onChunk;
  }

  /** Compares items and deliveries up to the number. */
  async run(lastSeq: number): Promise<Compared> {
    await this.#deliveries(lastSeq);
    await this.#items(lastSeq);
    return { ...this.#counts, sha256: this.#digests.digest('hex') };
  }

  async #deliveries(last: number): Promise<void> {
    for (let after = 0; after < last;) {
      const chunk = await this.#source.deliveries(after, last, CHUNK_DELIVERIES);
      const end = chunk.at(-1)?.number ?? last;
      const digest = digestOf(chunk, addDelivery);
      if ((await this.#deliveriesDigest(after, end)) !== digest) {
        await this.#fixDeliveries(chunk, after, end);
        if ((await this.#deliveriesDigest(after, end)) !== digest)
          throw different('deliveries', after, end);
      }
      this.#counts.deliveries += chunk.length;
      await this.#compared(digest, end);
      after = end;
    }
  }

  /** Adds the deliveries that the source got after they were copied, by an import, and removes those that are gone there. */
  async #fixDeliveries(
    chunk: readonly NumberedDelivery[],
    after: number,
    end: number,
  ): Promise<void> {
    const kept = new Set(chunk.map(({ number }) => number));
    for await (const copy of this.#copiedDeliveries(after, end))
      await this.#target.removeDeliveries(
        copy.map(({ number }) => number).filter((number) => !kept.has(number)),
      );
    await this.#target.storeDeliveries(chunk);
  }

  async #deliveriesDigest(after: number, end: number): Promise<string> {
    const digest = createHash('sha256');
    for await (const copy of this.#copiedDeliveries(after, end))
      for (const delivery of copy) addDelivery(digest, delivery);
    return digest.digest('hex');
  }

  async #items(last: number): Promise<void> {
    for (let after = 0; after < last;) {
      const chunk = await this.#source.items(after, last, CHUNK_ITEMS);
      const end = chunk.at(-1)?.seq ?? last;
      const digest = digestOf(chunk, addItem);
      if ((await this.#itemsDigest(after, end)) !== digest) {
        await this.#fixItems(chunk, after, end);
        if ((await this.#itemsDigest(after, end)) !== digest)
          throw different('messages', after, end);
      }
      const events = chunk.filter((item) => 'event_id' in item).length;
      this.#counts.events += events;
      this.#counts.messages += chunk.length - events;
      await this.#compared(digest, end);
      after = end;
    }
  }

  /** Removes what was removed from the source since it was copied; and gives items the delivery that they have there now. */
  async #fixItems(chunk: readonly NumberedItem[], after: number, end: number): Promise<void> {
    const kept = new Set(chunk.map(({ seq }) => seq));
    for await (const copy of this.#copiedItems(after, end)) {
      const others = copy.filter(({ seq }) => !kept.has(seq));
      if (others.length === 0) continue;
      if (!(await this.#source.areRemoved(others))) throw different('messages', after, end);
      await this.#target.remove(others);
    }
    await this.#target.relink(chunk);
  }

  async #itemsDigest(after: number, end: number): Promise<string> {
    const digest = createHash('sha256');
    for await (const copy of this.#copiedItems(after, end))
      for (const item of copy) addItem(digest, item);
    return digest.digest('hex');
  }

  #copiedItems(after: number, end: number): AsyncGenerator<readonly NumberedItem[]> {
    const read = (from: number) => this.#target.items(from, end, CHUNK_ITEMS);
    return pages(after, end, read, ({ seq }) => seq);
  }

  #copiedDeliveries(after: number, end: number): AsyncGenerator<readonly NumberedDelivery[]> {
    const read = (from: number) => this.#target.deliveries(from, end, CHUNK_DELIVERIES);
    return pages(after, end, read, ({ number }) => number);
  }

  async #compared(digest: string, end: number): Promise<void> {
    this.#digests.update(digest);
    this.#counts.chunks += 1;
    this.#onChunk(end);
    // Signals arrive in an iteration of the event loop.
    await new Promise(setImmediate);
  }
}

/** Yields everything in a range of numbers of the target, which may be more than a chunk of the source. */
async function* pages<T>(
  after: number,
  end: number,
  read: (after: number) => Promise<readonly T[]>,
  numberOf: (item: T) => number,
): AsyncGenerator<readonly T[]> {
  for (let last = after; last < end;) {
    const page = await read(last);
    const item = page.at(-1);
    if (item === undefined) return;
    yield page;
    last = numberOf(item);
  }
}

function addItem(digest: Hash, item: NumberedItem): void {
  const { seq, ts, created_at, source, payload, content, delivery } = item;
  const own =
    'event_id' in item
      ? [item.event_id, item.type, item.subject]
      : [item.message_id, item.from, item.to, item.text, item.kind];
  const fields = [seq, ts, created_at, source, payload, content, delivery, ...own];
  digest.update(`${JSON.stringify(fields)}\n`);
}

function addDelivery(digest: Hash, delivery: NumberedDelivery): void {
  const { number, source, receivedAt, headers, body } = delivery;
  digest.update(`${JSON.stringify([number, source, receivedAt, headers, body.length])}\n`);
  digest.update(body);
}

/** Returns the SHA-256 of what `add` adds of each. */
function digestOf<T>(items: readonly T[], add: (digest: Hash, item: T) => void): string {
  const digest = createHash('sha256');
  for (const item of items) add(digest, item);
  return digest.digest('hex');
}

function different(what: 'messages' | 'deliveries', after: number, end: number): CommandError {
  return new CommandError(
    `${what} ${after + 1} to ${end} differ between source and target: remove the target, and begin again`,
  );
}
