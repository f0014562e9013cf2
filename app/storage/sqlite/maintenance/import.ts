// Stores messages in bulk, each exactly once, also while a service runs on the same file.
import type { Message } from '../../../model/message.ts';
import { openForReading } from '../connection.ts';
import { APPEND_OUTCOMES } from '../file/protocol.ts';
import { SearchWork } from '../search/work.ts';
import { Writer } from '../write/writer.ts';
import { Courtesy } from './yielding-writer.ts';

/** With the pages of a large transaction in memory, each is written once. */
const CACHE_KIB = 262_144;
/** In company a transaction is short; alone it grows to where a message costs least. */
const BATCH_MESSAGES_MIN = 2_048;
const BATCH_MESSAGES_MAX = 49_152;
/** Ids come in no order, so each batch changes the same pages again: they are copied into the file only now and then. */
const BATCHES_A_CHECKPOINT = 4;
/** A service that goes on storing has an end of the orders that always moves: it fills the rest itself. */
const FILLS_MAX = 10_000;

/** Opens a file, creating it where it is absent, stores what it is given, and brings everything derived up to date. */
export class BulkImport {
  readonly #path: string;
  readonly #writer: Writer;
  readonly #courtesy: Courtesy;
  #batchMessages = BATCH_MESSAGES_MIN;
  #batches = 0;

  /** Throws what SQLite throws, or SchemaError. */
  constructor(path: string) {
    this.#path = path;
    this.#writer = new Writer(path, CACHE_KIB);
    this.#courtesy = new Courtesy(this.#writer);
  }

  /** How many messages the next batch should have. */
  get batchMessages(): number {
    return this.#batchMessages;
  }

  /**
   * Stores a batch, durably, and gives an outcome for each message. `createdAt` has when a message arrived first;
   * null: now. Rejects with StoreUnavailable; then nothing of the batch is stored.
   */
  async store(
    messages: readonly Message[],
    createdAt: readonly (string | null)[],
  ): Promise<(typeof APPEND_OUTCOMES)[number][]> {
    const { outcomes } = await this.#courtesy.step(() => this.#writer.append(messages, createdAt));
    await this.#fillOrders(BATCH_MESSAGES_MIN);
    this.#batches += 1;
    if (this.#batches % BATCHES_A_CHECKPOINT === 0) this.#writer.checkpoint();
    this.#batchMessages = this.#courtesy.alone
      ? Math.min(this.#batchMessages * 2, BATCH_MESSAGES_MAX)
      : BATCH_MESSAGES_MIN;
    return Array.from(outcomes, (code) => APPEND_OUTCOMES[code] ?? 'unavailable');
  }

  /** Fills the orders and the search index. `step` is called after each step and may stop it: a service goes on from there. */
  async settle(step: (searched: number) => void): Promise<void> {
    await this.#fillOrders(0);
    const database = openForReading(this.#path);
    try {
      const work = new SearchWork(database, 1);
      for (let piece = work.next(), blocks = 0; piece !== null; piece = work.next()) {
        const next = piece;
        await this.#courtesy.step(() => ({ failure: this.#writer.applySearchPiece(next) }));
        if (piece.kind === 'build') blocks += 1;
        if (blocks % 64 === 0 && this.#courtesy.alone) this.#writer.checkpoint();
        step(blocks);
      }
    } finally {
      database.close();
    }
  }

  close(): void {
    this.#writer.close();
  }

  /** Until fewer messages than `leave` are missing: a reader puts those in by itself. */
  async #fillOrders(leave: number): Promise<void> {
    for (let tries = 0; tries < FILLS_MAX && this.#writer.orderBacklog() > leave; tries += 1) {
      const messages = this.#courtesy.alone ? BATCH_MESSAGES_MAX : BATCH_MESSAGES_MIN;
      await this.#courtesy.step(() => ({ failure: this.#writer.fillOrder(messages) }));
    }
  }
}
