// One export: messages, then events, then deliveries, chunk by chunk.
import type { StoreAdmin } from '../../storage/admin.ts';
import type { ExportFilter } from '../../storage/archive.ts';
import { deliveryLine, eventLine } from './archive-lines.ts';
import { type Format, headOf, lineOf } from './format.ts';
import type { Output } from './output.ts';

export interface ExportCounts {
  messages: number;
  events: number;
  deliveries: number;
}

export class Exporter {
  readonly counts: ExportCounts = { messages: 0, events: 0, deliveries: 0 };
  readonly #admin: StoreAdmin;
  readonly #output: Output;
  readonly #interruption: AbortSignal;
  readonly #onProgress: (kind: keyof ExportCounts, count: number) => void;
  /** The last number when the export began. */
  #lastSeq = 0;

  /** `interruption` stops it. */
  constructor(
    admin: StoreAdmin,
    output: Output,
    interruption: AbortSignal,
    onProgress: (kind: keyof ExportCounts, count: number) => void,
  ) {
    this.#admin = admin;
    this.#output = output;
    this.#interruption = interruption;
    this.#onProgress = onProgress;
  }

  /** Writes the messages. Rejects with what the database and the system throw. */
  async messages(filter: ExportFilter, format: Format, spreadsheet: boolean): Promise<void> {
    // A delivery that is stored later may be of messages whose position is passed by then.
    this.#lastSeq = await this.#admin.lastSeq();
    await this.#output.write(headOf(format, spreadsheet));
    await this.#write('messages', this.#admin.exportMessages(filter), (message) =>
      lineOf(message, format, spreadsheet),
    );
  }

  /**
   * Writes the events and deliveries that belong to those messages. A sender or a text selects messages only; a delivery would show what
   * a filter leaves out, so there are deliveries only where nothing is filtered but by source.
   */
  async rest(filter: ExportFilter): Promise<void> {
    const { source, from, since, until, text } = filter;
    if (from !== null || text !== null) return;
    await this.#write('events', this.#admin.exportEvents(filter), eventLine);
    if (since !== null || until !== null) return;
    const which = { source, eventType: null, upTo: this.#lastSeq };
    await this.#write('deliveries', this.#admin.exportDeliveries(which), deliveryLine);
  }

  async #write<T>(
    kind: keyof ExportCounts,
    chunks: AsyncIterable<readonly T[]>,
    lineFor: (item: T) => string,
  ): Promise<void> {
    for await (const chunk of chunks) {
      let text = '';
      for (const item of chunk) text += lineFor(item);
      await this.#output.write(text);
      this.counts[kind] += chunk.length;
      this.#onProgress(kind, this.counts[kind]);
      // Signals arrive in an iteration of the event loop.
      await new Promise(setImmediate);
      this.#interruption.throwIfAborted();
    }
  }
}
