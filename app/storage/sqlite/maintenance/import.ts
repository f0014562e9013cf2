// Stores items in bulk, each exactly once, also while a service runs on the same file.
import type { Item } from '../../../model/item.ts';
import type { Message } from '../../../model/message.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  ArchivedMessage,
  BulkImport,
  LinkOutcome,
} from '../../archive.ts';
import type { Storable } from '../../conflict.ts';
import type { AppendOutcome } from '../../store.ts';
import { outcomesOf } from '../file/protocol.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { Writer } from '../write/writer.ts';
import { updateIndex } from './index-update.ts';
import { YieldingWriter } from './yielding-writer.ts';

/** Holds the pages of a large transaction, so that each is written once. */
const CACHE_KIB = 262_144;
/** Beside a service transactions are short; otherwise they grow to the size at which a message costs least. */
const BATCH_MESSAGES_MIN = 2_048;
const BATCH_MESSAGES_MAX = 49_152;
/** Ids are in no order, so each batch changes the same pages again: they are copied into the file only every few batches. */
const BATCHES_A_CHECKPOINT = 4;

/** Opens a file, creating it where it is absent, stores messages, and brings the index up to date. */
export class FileImport implements BulkImport {
  readonly #path: string;
  readonly #lock: ServiceLock;
  readonly #writer: Writer;
  readonly #steps: YieldingWriter;
  #batchMessages = BATCH_MESSAGES_MIN;
  #batches = 0;

  /** Throws what SQLite throws, InUseError or SchemaError. */
  constructor(path: string) {
    this.#path = path;
    this.#lock = ServiceLock.forCommand(path);
    this.#writer = new Writer(path, this.#lock, CACHE_KIB);
    this.#steps = new YieldingWriter(this.#writer);
  }

  get batchMessages(): number {
    return this.#batchMessages;
  }

  store(
    messages: readonly (Message | ArchivedMessage)[],
    createdAt: readonly (string | null)[],
  ): Promise<AppendOutcome[]> {
    return this.#append(messages, createdAt);
  }

  storeEvents(events: readonly ArchivedEvent[]): Promise<AppendOutcome[]> {
    return this.#append(events, []);
  }

  append(items: readonly Item[]): Promise<AppendOutcome[]> {
    return this.#append(items, []);
  }

  async link(deliveries: readonly ArchivedDelivery[]): Promise<readonly LinkOutcome[]> {
    const { linked } = await this.#steps.run(() => this.#writer.link(deliveries));
    this.#afterBatch();
    return linked;
  }

  async updateLists(signal: AbortSignal): Promise<void> {
    await updateIndex(this.#path, this.#lock, 'lists', () => signal.throwIfAborted());
  }

  async updateSearch(signal: AbortSignal, onProgress: (messages: number) => void): Promise<void> {
    await updateIndex(this.#path, this.#lock, 'search', ({ index }) => {
      signal.throwIfAborted();
      onProgress(index.searchedSeq);
    });
  }

  close(): void {
    this.#writer.close();
  }

  async #append(
    items: readonly Storable[],
    createdAt: readonly (string | null)[],
  ): Promise<AppendOutcome[]> {
    const { outcomes } = await this.#steps.run(() => this.#writer.append(items, createdAt));
    this.#afterBatch();
    return outcomesOf(outcomes);
  }

  #afterBatch(): void {
    this.#batches += 1;
    if (this.#batches % BATCHES_A_CHECKPOINT === 0) this.#writer.wal.copy();
    this.#batchMessages = this.#steps.uncontended
      ? Math.min(this.#batchMessages * 2, BATCH_MESSAGES_MAX)
      : BATCH_MESSAGES_MIN;
  }
}
