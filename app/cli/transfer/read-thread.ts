// The reading thread of an import: parses and validates rows, and sends them to the thread that stores.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { CsvError } from 'csv-parse';
import { isExpected } from '../../model/refusal.ts';
import { type Input, openInput } from '../input.ts';
import { LineSplitter } from '../lines.ts';
import { records } from './csv-records.ts';
import type { Format } from './format.ts';
import { type Row, rowOfBytes } from './row.ts';
import { type TextInput, textInput } from './text-input.ts';

/** Rows sent in one chunk. */
const CHUNK_ROWS = 2_048;
/** Characters in one chunk, rejected rows included: with long texts it has fewer rows. */
const CHUNK_UNITS = 4 * 1_048_576;
const READ_BYTES = 1_048_576;
/** A longer row is reported and skipped. The default limit of a webhook's body. */
const ROW_BYTES_MAX = 1_048_576;
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
  readonly rejects: Reject[];
}

export interface Chunk extends Rows {
  /** How far the input has been read. */
  readonly bytes: number;
  readonly last: boolean;
  /** Why the rest cannot be read; null where it can. */
  readonly failure: string | null;
}

const port = parentPort;
if (port === null) throw new Error('read-thread.ts runs as a worker thread only');
const { file, format, chunksAhead } = workerData as {
  file: string | null;
  format: Format;
  chunksAhead: number;
};

class Sender {
  readonly #port: MessagePort;
  #credit = chunksAhead;
  #wake: () => void = () => undefined;
  #units = 0;
  #rows = noRows();

  constructor(to: MessagePort) {
    this.#port = to;
    to.on('message', () => {
      this.#credit += 1;
      this.#wake();
    });
  }

  get isFull(): boolean {
    return (
      this.#rows.lines.length + this.#rows.rejects.length >= CHUNK_ROWS ||
      this.#units >= CHUNK_UNITS
    );
  }

  add(line: number, row: Row, input: () => string): void {
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
    const { message_id, from, to, ts, text } = row.message;
    this.#rows.fields.push(message_id, from, to, ts, text);
    this.#rows.createdAt.push(row.createdAt);
    this.#rows.lines.push(line);
    this.#units += message_id.length + (text?.length ?? 0);
  }

  /** Sends the current chunk, once the other side has room for it. */
  async send(bytes: number, last: boolean, failure: string | null = null): Promise<void> {
    while (this.#credit === 0) await new Promise<void>((wake) => (this.#wake = wake));
    this.#credit -= 1;
    this.#port.postMessage({ ...this.#rows, bytes, last, failure } satisfies Chunk);
    this.#rows = noRows();
    this.#units = 0;
  }
}

function noRows(): Rows {
  return { fields: [], createdAt: [], lines: [], rejects: [] };
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
  const lines = new LineSplitter(ROW_BYTES_MAX);
  const take = (number: number, bytes: Buffer | null): void => {
    if (bytes === null) sender.add(number, { reason: 'the line is longer than 1 MiB' }, () => '');
    else if (bytes.length > 0) sender.add(number, rowOfBytes(bytes), () => bytes.toString());
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

async function readCsv(stream: Input, text: TextInput, sender: Sender): Promise<void> {
  for await (const { line, row, input } of records(text)) {
    sender.add(line, row, input);
    if (sender.isFull) await sender.send(stream.bytesRead, false);
  }
}

await read(new Sender(port));
