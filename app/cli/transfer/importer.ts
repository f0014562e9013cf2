// One import: reads in one thread, stores in this one, and records which rows were rejected.
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import type { Message } from '../../model/message.ts';
import type { ArchivedMessage, BulkImport } from '../../storage/archive.ts';
import type { AppendOutcome } from '../../storage/store.ts';
import type { Format } from './format.ts';
import type { Chunk, Reject } from './read-thread.ts';
import { Source } from './source.ts';

/** What became of rows of one kind. */
interface Outcomes {
  created: number;
  /** Stored before with the same content, or removed since. */
  duplicates: number;
  /** Stored before with other content, which stays. */
  conflicts: number;
}

/** The counts of an import, those of messages in front. */
export interface ImportTotals extends Outcomes {
  /** Rows that were processed. */
  rows: number;
  events: Outcomes;
  deliveries: Omit<Outcomes, 'conflicts'>;
  /** Rows that are not valid, and deliveries of which nothing is stored. */
  rejected: number;
  /** Time until all rows were stored and listed; the search index may have taken longer. */
  seconds: number;
  /** Why the input could not be read to its end; null where it could. */
  failure: string | null;
}

const CONFLICT = 'another message with this id is stored';
const EVENT_CONFLICT = 'another event with this id is stored';
const MISSING = 'none of its messages and events is stored: import them first';
const FIELDS = 5;

interface ImporterOptions {
  readonly bulk: BulkImport;
  /** Null for standard input. */
  readonly file: string | null;
  readonly format: Format;
  /** The names of the configured sources: messages of the default one do not have ids of theirs. */
  readonly sources: readonly string[];
  readonly rejectsFile: string;
  readonly interruption: AbortSignal;
}

export class Importer {
  readonly totals: ImportTotals = {
    rows: 0,
    ...noOutcomes(),
    events: noOutcomes(),
    deliveries: { created: 0, duplicates: 0 },
    rejected: 0,
    seconds: 0,
    failure: null,
  };
  readonly #options: ImporterOptions;
  readonly #bulk: BulkImport;
  #source: Source;
  #rejects: number | null = null;
  /** Whether deliveries came before items that may be theirs: they are read again, where the input can be. */
  #early = false;
  #deliveriesSeen = false;

  /** Closes `bulk` in the end. */
  constructor(options: ImporterOptions) {
    this.#options = options;
    this.#bulk = options.bulk;
    this.#source = new Source(options, options.interruption);
  }

  /**
   * Stores every row, and each delivery once its items are stored. `read` is called with how many bytes of the input were
   * processed. Rejects where the store fails.
   */
  async store(read: (bytes: number) => void): Promise<void> {
    const startMs = performance.now();
    const { file, interruption } = this.#options;
    const again = file !== null && statSync(file).isFile();
    await this.#readAll(read, (chunks) => this.#storeChunks(chunks, again));
    if (this.#early) {
      await this.#source.close();
      this.#source = new Source(this.#options, interruption);
      await this.#readAll(read, (chunks) => this.#linkAgain(chunks));
    }
    await this.#bulk.updateLists(interruption);
    this.totals.seconds = (performance.now() - startMs) / 1_000;
    interruption.throwIfAborted();
  }

  /** Brings the search index up to date; otherwise a service, or the next import, does. */
  async updateSearch(onProgress: (messages: number) => void): Promise<void> {
    await this.#bulk.updateSearch(this.#options.interruption, onProgress);
  }

  async close(): Promise<void> {
    await this.#source.close();
    this.#bulk.close();
    if (this.#rejects !== null) closeSync(this.#rejects);
  }

  async #readAll(
    read: (bytes: number) => void,
    take: (chunks: readonly Chunk[]) => Promise<void>,
  ): Promise<void> {
    const startMs = performance.now();
    for (let ended = false; !ended;) {
      const chunks = await this.#source.next(this.#bulk.batchMessages);
      await take(chunks);
      const last = chunks.at(-1);
      read(last?.bytes ?? 0);
      ended = last?.last === true;
      this.totals.failure = last?.failure ?? null;
      this.totals.seconds = (performance.now() - startMs) / 1_000;
      this.#options.interruption.throwIfAborted();
    }
  }

  async #storeChunks(chunks: readonly Chunk[], again: boolean): Promise<void> {
    const refused: Reject[] = chunks.flatMap((chunk) => chunk.rejects);
    this.totals.rejected += refused.length;
    this.totals.rows += refused.length;
    await this.#storeMessages(chunks, refused);
    await this.#storeEvents(chunks, refused);
    await this.#link(chunks, refused, again);
    this.#record(refused);
  }

  async #storeMessages(chunks: readonly Chunk[], refused: Reject[]): Promise<void> {
    const rows = chunks.flatMap(messagesOf);
    if (rows.length === 0) return;
    const outcomes = await this.#bulk.store(
      rows.map(({ message }) => message),
      rows.map(({ createdAt }) => createdAt),
    );
    this.#count(this.totals, outcomes);
    for (const [at, outcome] of outcomes.entries()) {
      const row = rows[at];
      if (row !== undefined && outcome === 'conflict')
        refused.push({
          line: row.line,
          reason: CONFLICT,
          input: JSON.stringify(row.message),
        });
    }
  }

  async #storeEvents(chunks: readonly Chunk[], refused: Reject[]): Promise<void> {
    const rows = chunks
      .flatMap((chunk) => chunk.archived)
      .flatMap((row) => (row.kind === 'event' ? [row] : []));
    if (rows.length === 0) return;
    const outcomes = await this.#bulk.storeEvents(rows.map(({ event }) => event));
    this.#count(this.totals.events, outcomes);
    for (const [at, outcome] of outcomes.entries()) {
      const row = rows[at];
      if (row !== undefined && outcome === 'conflict')
        refused.push({ line: row.line, reason: EVENT_CONFLICT, input: JSON.stringify(row.event) });
    }
  }

  /** `again`: those whose items are not stored may come later in the input, which can be read once more. */
  async #link(chunks: readonly Chunk[], refused: Reject[], again: boolean): Promise<void> {
    const rows = deliveriesOf(chunks);
    const isMixed = this.#deliveriesSeen && chunks.some(hasItems);
    if (rows.length > 0) this.#deliveriesSeen = true;
    if (isMixed && again) this.#early = true;
    if (rows.length === 0) return;
    const outcomes = await this.#bulk.link(rows.map(({ delivery }) => delivery));
    this.totals.rows += rows.length;
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome === 'created') this.totals.deliveries.created += 1;
      else if (outcome === 'duplicate') this.totals.deliveries.duplicates += 1;
      else if (again) this.#early = true;
      else this.#miss(rows[at], refused);
    }
  }

  /** Reads the whole input once more, for its deliveries: all items are stored now. */
  async #linkAgain(chunks: readonly Chunk[]): Promise<void> {
    const rows = deliveriesOf(chunks);
    const refused: Reject[] = [];
    const outcomes =
      rows.length === 0 ? [] : await this.#bulk.link(rows.map((row) => row.delivery));
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome === 'created') this.totals.deliveries.created += 1;
      else if (outcome === 'missing') this.#miss(rows[at], refused);
    }
    this.#record(refused);
  }

  #miss(row: ReturnType<typeof deliveriesOf>[number] | undefined, refused: Reject[]): void {
    if (row === undefined) return;
    this.totals.rejected += 1;
    const { number, source, messages, events } = row.delivery;
    const input = JSON.stringify({ delivery: number, source, messages, events });
    refused.push({ line: row.line, reason: MISSING, input });
  }

  #count(counts: Outcomes, outcomes: readonly AppendOutcome[]): void {
    this.totals.rows += outcomes.length;
    for (const outcome of outcomes) {
      if (outcome === 'created') counts.created += 1;
      else if (outcome === 'duplicate') counts.duplicates += 1;
      else counts.conflicts += 1;
    }
  }

  #record(refused: readonly Reject[]): void {
    if (refused.length === 0) return;
    this.#rejects ??= openSync(this.#options.rejectsFile, 'w', 0o600);
    const sorted = refused.toSorted((a, b) => a.line - b.line);
    const bytes = Buffer.from(sorted.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
    for (let at = 0; at < bytes.length;) at += writeSync(this.#rejects, bytes, at);
  }
}

function noOutcomes(): Outcomes {
  return { created: 0, duplicates: 0, conflicts: 0 };
}

interface MessageRow {
  readonly line: number;
  readonly message: Message | ArchivedMessage;
  readonly createdAt: string | null;
}

/** The messages of a chunk, of all sources, in the order of its lines. */
function messagesOf({ fields, createdAt, lines, archived }: Chunk): MessageRow[] {
  const plain: MessageRow[] = lines.map((line, at) => ({
    line,
    message: {
      message_id: String(fields[at * FIELDS]),
      from: String(fields[at * FIELDS + 1]),
      to: String(fields[at * FIELDS + 2]),
      ts: String(fields[at * FIELDS + 3]),
      text: fields[at * FIELDS + 4] ?? null,
    },
    createdAt: createdAt[at] ?? null,
  }));
  const named: MessageRow[] = archived.flatMap((row) =>
    row.kind === 'message'
      ? [{ line: row.line, message: row.message, createdAt: row.message.created_at }]
      : [],
  );
  return named.length === 0 ? plain : [...plain, ...named].toSorted((a, b) => a.line - b.line);
}

function deliveriesOf(chunks: readonly Chunk[]) {
  return chunks
    .flatMap((chunk) => chunk.archived)
    .flatMap((row) => (row.kind === 'delivery' ? [row] : []));
}

function hasItems({ lines, archived }: Chunk): boolean {
  return lines.length > 0 || archived.some(({ kind }) => kind !== 'delivery');
}
