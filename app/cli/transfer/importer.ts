// One import: reads in one thread, stores in this one, and records which rows were rejected.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Message } from '../../model/message.ts';
import type { BulkImport } from '../../storage/archive.ts';
import type { Format } from './format.ts';
import type { Chunk, Reject } from './read-thread.ts';
import { Source } from './source.ts';

export interface ImportTotals {
  /** Rows that were processed. */
  rows: number;
  created: number;
  /** Stored before with the same content, or removed since. */
  duplicates: number;
  /** Stored before with other content, which stays. */
  conflicts: number;
  /** Rows that are not valid messages. */
  rejected: number;
  /** Time until all rows were stored and listed; the search index may have taken longer. */
  seconds: number;
  /** Why the input could not be read to its end; null where it could. */
  failure: string | null;
}

const CONFLICT = 'another message with this id is stored';
const FIELDS = 5;

interface ImporterOptions {
  readonly bulk: BulkImport;
  /** Null for standard input. */
  readonly file: string | null;
  readonly format: Format;
  readonly rejectsFile: string;
  readonly interruption: AbortSignal;
}

export class Importer {
  readonly totals: ImportTotals = {
    rows: 0,
    created: 0,
    duplicates: 0,
    conflicts: 0,
    rejected: 0,
    seconds: 0,
    failure: null,
  };
  readonly #bulk: BulkImport;
  readonly #source: Source;
  readonly #rejectsFile: string;
  readonly #interruption: AbortSignal;
  #rejects: number | null = null;

  /** Closes `bulk` in the end. */
  constructor(options: ImporterOptions) {
    this.#bulk = options.bulk;
    this.#source = new Source(options.file, options.format, options.interruption);
    this.#rejectsFile = options.rejectsFile;
    this.#interruption = options.interruption;
  }

  /** Stores every row. `read` is called with how many bytes of the input were processed. Rejects where the store fails. */
  async store(read: (bytes: number) => void): Promise<void> {
    const startMs = performance.now();
    for (let ended = false; !ended;) {
      const chunks = await this.#source.next(this.#bulk.batchMessages);
      await this.#storeChunks(chunks);
      const last = chunks.at(-1);
      read(last?.bytes ?? 0);
      ended = last?.last === true;
      this.totals.failure = last?.failure ?? null;
      if (ended) await this.#bulk.updateLists(this.#interruption);
      this.totals.seconds = (performance.now() - startMs) / 1_000;
      this.#interruption.throwIfAborted();
    }
  }

  /** Brings the search index up to date; otherwise a service, or the next import, does. */
  async updateSearch(onProgress: (messages: number) => void): Promise<void> {
    await this.#bulk.updateSearch(this.#interruption, onProgress);
  }

  async close(): Promise<void> {
    await this.#source.close();
    this.#bulk.close();
    if (this.#rejects !== null) closeSync(this.#rejects);
  }

  async #storeChunks(chunks: readonly Chunk[]): Promise<void> {
    const messages = chunks.flatMap(messagesOf);
    const lines = chunks.flatMap((chunk) => chunk.lines);
    const outcomes =
      messages.length === 0
        ? []
        : await this.#bulk.store(
            messages,
            chunks.flatMap((chunk) => chunk.createdAt),
          );
    const refused: Reject[] = chunks.flatMap((chunk) => chunk.rejects);
    this.totals.rejected += refused.length;
    this.totals.rows += messages.length + refused.length;
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome === 'created') this.totals.created += 1;
      else if (outcome === 'duplicate') this.totals.duplicates += 1;
      else {
        this.totals.conflicts += 1;
        const input = JSON.stringify(messages[at]);
        refused.push({ line: lines[at] ?? 0, reason: CONFLICT, input });
      }
    }
    this.#record(refused.toSorted((a, b) => a.line - b.line));
  }

  #record(refused: readonly Reject[]): void {
    if (refused.length === 0) return;
    this.#rejects ??= openSync(this.#rejectsFile, 'w', 0o600);
    const bytes = Buffer.from(refused.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
    for (let at = 0; at < bytes.length;) at += writeSync(this.#rejects, bytes, at);
  }
}

function messagesOf({ fields, lines }: Chunk): Message[] {
  return lines.map((_, at) => ({
    message_id: String(fields[at * FIELDS]),
    from: String(fields[at * FIELDS + 1]),
    to: String(fields[at * FIELDS + 2]),
    ts: String(fields[at * FIELDS + 3]),
    text: fields[at * FIELDS + 4] ?? null,
  }));
}
