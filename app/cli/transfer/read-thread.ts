// The reading thread of an import: parses and validates rows, and sends them to the thread that stores.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { CsvError } from 'csv-parse';
import { reservedIdIssue } from '../../ingest/reserved-id.ts';
import type { Message } from '../../model/message.ts';
import { isExpected } from '../../model/refusal.ts';
import { type Input, openInput } from '../input.ts';
import { LineSplitter } from '../lines.ts';
import { records } from './csv-records.ts';
import type { Archived } from './archive-rows.ts';
import type { Format } from './format.ts';
import { type MessageRow, type Row, rowOfBytes } from './row.ts';
import { type TextInput, textInput } from './text-input.ts';

/** Rows sent in one chunk. */
const CHUNK_ROWS = 2_048;
/** Characters in one chunk, rejected rows included: with long texts it has fewer rows. */
const CHUNK_UNITS = 4 * 1_048_576;
const READ_BYTES = 1_048_576;
/** The payload of the largest body that a source may take, 64 MiB, with every character of it escaped, and the rest of its line. */
const LINE_BYTES_MAX = 160 * 1_048_576;
/** Characters of a rejected row that its report repeats. */
const INPUT_UNITS_MAX = 8_192;

/** A row that is not a valid message. */
export interface Reject {
  readonly line: number;
  readonly reason: string;
  readonly input: string;
}

/** Rows as columns: passing strings between threads takes half the time of passing objects. */
interface Rows {
  /** Five for each message: id, from, to, ts, text. */
  readonly fields: (string | null)[];
  readonly createdAt: (string | null)[];
  /** The line of each message. */
  readonly lines: number[];
  /** What else there is, with its line. */
  readonly archived: (Archived & { readonly line: number })[];
  readonly rejects: Reject[];
}

export interface Chunk extends Rows {
  /** About how many characters it holds. */
  readonly units: number;
  /** How far the input has been read. */
  readonly bytes: number;
  readonly last: boolean;
  /** Why the rest cannot be read; null where it can. */
  readonly failure: string | null;
}

export interface ReadOptions {
  /** Null for standard input. */
  readonly file: string | null;
  readonly format: Format;
  /** The names of the configured sources. */
  readonly sources: readonly string[];
  /** How many chunks, and characters in them, may wait at the other end. */
  readonly chunksAhead: number;
  readonly unitsAhead: number;
}

const port = parentPort;
if (port === null) throw new Error('read-thread.ts runs as a worker thread only');
const { file, format, sources, chunksAhead, unitsAhead } = workerData as ReadOptions;
const reserved = new Set(sources);

class Sender {
  readonly #port: MessagePort;
  #chunksWaiting = 0;
  #unitsWaiting = 0;
  #wake: () => void = () => undefined;
  #units = 0;
  #rows = noRows();

  constructor(to: MessagePort) {
    this.#port = to;
    to.on('message', (units: number) => {
      this.#chunksWaiting -= 1;
      this.#unitsWaiting -= units;
      this.#wake();
    });
  }

  get isFull(): boolean {
    return (
      this.#rows.lines.length + this.#rows.archived.length + this.#rows.rejects.length >=
        CHUNK_ROWS || this.#units >= CHUNK_UNITS
    );
  }

  add(line: number, parsed: Row, input: () => string): void {
    const row = 'message' in parsed ? withoutReservedId(parsed) : parsed;
    if ('reason' in row) {
      const reject = {
        line,
        reason: row.reason,
        input: input().slice(0, INPUT_UNITS_MAX).toWellFormed(),
      };
      this.#rows.rejects.push(reject);
      this.#units += reject.reason.length + reject.input.length;
      return;
    }
    if ('archived' in row) {
      this.#rows.archived.push({ ...row.archived, line });
      this.#units += unitsOf(row.archived);
      return;
    }
    const { message_id, from, to, ts, text } = row.message;
    this.#rows.fields.push(message_id, from, to, ts, text);
    this.#rows.createdAt.push(row.createdAt);
    this.#rows.lines.push(line);
    this.#units += message_id.length + (text?.length ?? 0);
  }

  /** Sends the current chunk, once the other side has room for it. */
  async send(bytes: number, last: boolean, failure: string | null = null): Promise<void> {
    while (this.#chunksWaiting >= chunksAhead || this.#unitsWaiting >= unitsAhead)
      await new Promise<void>((wake) => (this.#wake = wake));
    const chunk: Chunk = { ...this.#rows, units: this.#units, bytes, last, failure };
    this.#port.postMessage(chunk);
    this.#chunksWaiting += 1;
    this.#unitsWaiting += this.#units;
    this.#rows = noRows();
    this.#units = 0;
  }
}

/**
 * Rejects an id of a named source, as the webhook does: in CSV it may be a message of that source, of which the rest is missing. What an
 * export has as a message of the default source was stored before the source was configured.
 */
function withoutReservedId(row: Extract<MessageRow, { message: Message }>): MessageRow {
  const issue = reservedIdIssue(reserved, row.message.message_id);
  if (issue === null || (format === 'ndjson' && row.createdAt !== null)) return row;
  return { reason: `message_id: ${issue.msg}` };
}

function noRows(): Rows {
  return { fields: [], createdAt: [], lines: [], archived: [], rejects: [] };
}

function unitsOf(row: Archived): number {
  if (row.kind === 'delivery') return row.delivery.body.length;
  const { payload } = row.kind === 'message' ? row.message : row.event;
  // The text of a message is in its payload.
  return payload?.length ?? 0;
}

async function read(sender: Sender): Promise<void> {
  let stream: Input | null = null;
  try {
    stream = openInput(file, READ_BYTES);
    const input = await textInput(stream as AsyncIterable<Buffer>);
    if (format === 'csv') await readCsv(stream, input, sender);
    else await readLines(stream, input, sender);
    await sender.send(stream.bytesRead, true);
  } catch (error) {
    // A bug ends the thread, and so keeps its stack.
    if (!isExpected(error) && !(error instanceof CsvError)) throw error;
    await sender.send(stream?.bytesRead ?? 0, true, error.message);
  } finally {
    stream?.destroy();
    port?.close();
  }
}

async function readLines(stream: Input, { chunks }: TextInput, sender: Sender): Promise<void> {
  const lines = new LineSplitter(LINE_BYTES_MAX, LINE_BYTES_MAX);
  const take = (number: number, bytes: Buffer | null): void => {
    if (bytes !== null && bytes.length > 0)
      sender.add(number, rowOfBytes(bytes), () => shown(bytes));
  };
  for await (const chunk of chunks) {
    for (const { number, bytes } of lines.of(chunk)) {
      take(number, bytes);
      if (sender.isFull) await sender.send(stream.bytesRead, false);
    }
  }
  const rest = lines.rest();
  if (rest !== null) take(rest.number, rest.bytes);
}

/** As much of a line as a report of it may repeat. */
function shown(line: Buffer): string {
  return line.subarray(0, 4 * INPUT_UNITS_MAX).toString();
}

async function readCsv(stream: Input, text: TextInput, sender: Sender): Promise<void> {
  for await (const { line, row, input } of records(text)) {
    sender.add(line, row, input);
    if (sender.isFull) await sender.send(stream.bytesRead, false);
  }
}

await read(new Sender(port));
