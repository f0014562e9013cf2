// Stores messages in bulk, each exactly once, also while a service runs on the same file.
import type { Message } from '../../../model/message.ts';
import type { AppendOutcome } from '../../store.ts';
import { StoreUnavailable } from '../../store.ts';
import { APPEND_OUTCOMES } from '../file/protocol.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { Writer } from '../write/writer.ts';
import { updateIndex } from './index-update.ts';
import { YieldingWriter } from './yielding-writer.ts';

/** With the pages of a large transaction in memory, each is written once. */
const CACHE_KIB = 262_144;
/** Beside a service a transaction is short; alone it grows to where a message costs least. */
const BATCH_MESSAGES_MIN = 2_048;
const BATCH_MESSAGES_MAX = 49_152;
/** Ids come in no order, so each batch changes the same pages again: they are copied into the file only now and then. */
const BATCHES_A_CHECKPOINT = 4;

/** Opens a file, creating it where it is absent, stores what it is given, and brings the index up to date. */
export class BulkImport {
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

  /** How many messages the next batch should have. */
  get batchMessages(): number {
    return this.#batchMessages;
  }

  /**
   * Stores a batch, durably. Resolves with an outcome for each message. `createdAt` has when a message arrived first;
   * null: now. Rejects with StoreUnavailable; then nothing of the batch is stored.
   */
  async store(
    messages: readonly Message[],
    createdAt: readonly (string | null)[],
  ): Promise<AppendOutcome[]> {
    const { outcomes } = await this.#steps.run(() => this.#writer.append(messages, createdAt));
    this.#batches += 1;
    if (this.#batches % BATCHES_A_CHECKPOINT === 0) this.#writer.checkpoint();
    this.#batchMessages = this.#steps.uncontended
      ? Math.min(this.#batchMessages * 2, BATCH_MESSAGES_MAX)
      : BATCH_MESSAGES_MIN;
    return Array.from(outcomes, (code) => {
      const outcome = APPEND_OUTCOMES[code];
      if (outcome === undefined || outcome === 'unavailable')
        throw new StoreUnavailable('other', 'a batch was stored without outcomes');
      return outcome;
    });
  }

  /** Has every message listed; readers merge in what little is left. `tell` is told how many are; it may stop the work. */
  async list(tell: (listed: number) => void): Promise<void> {
    await updateIndex(this.#path, this.#lock, 'lists', ({ index }) => tell(index.listedSeq));
  }

  /** Has every message found by search. `tell` is told how many are, and may stop the work: a service goes on from there. */
  async index(tell: (searched: number) => void): Promise<void> {
    await updateIndex(this.#path, this.#lock, 'search', ({ index }) => tell(index.searchedSeq));
  }

  close(): void {
    this.#writer.close();
  }
}
