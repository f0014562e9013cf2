// Parses CSV into rows: headings name the columns, and quotes distinguish an empty text from none.
import { pipeline } from 'node:stream';
import { type Info, parse } from 'csv-parse';
import { CommandError } from '../exit.ts';
import { columnOf, unguarded } from './format.ts';
import { type MessageRow, rowOfRecord } from './row.ts';
import type { TextInput } from './text-input.ts';

const RECORD_UNITS_MAX = 1_048_576;
/** What spreadsheets put between cells: a semicolon where the comma is for decimals. */
const DELIMITERS = [',', ';', '\t'];
const SHOWN_UNITS_MAX = 80;
const REQUIRED = ['message_id', 'from', 'to', 'ts'];

type Column = ReturnType<typeof columnOf>;
type Cells = readonly (string | null)[];

export interface CsvRow {
  /** The line on which the record begins, counted from 1. */
  readonly line: number;
  readonly row: MessageRow;
  /** The record as JSON, for the report of a rejected one. */
  readonly input: () => string;
}

/**
 * Reads UTF-8 without a byte order mark. Throws CommandError where a heading is missing or the bytes are not UTF-8,
 * and a CsvError where a quote is not closed.
 */
export async function* records({ firstLine, chunks }: TextInput): AsyncGenerator<CsvRow> {
  const delimiter = delimiterOf(firstLine);
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: RECORD_UNITS_MAX,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });
  let columns: readonly Column[] | null = null;
  let line = 1;
  // What fails in it destroys the parser, and is thrown below.
  pipeline(checkedUtf8(chunks), parser, () => undefined);
  const parsed = parser as AsyncIterable<{ record: Cells; info: Info }>;
  for await (const { record: cells, info } of parsed) {
    const begins = line;
    line = info.lines + 1;
    if (columns === null) columns = headings(cells, firstLine);
    else {
      const row: MessageRow =
        cells.length === columns.length
          ? rowOfRecord(recordOf(columns, cells))
          : { reason: `${cells.length} cells, where the first line has ${columns.length}` };
      yield { line: begins, row, input: () => JSON.stringify(cells) };
    }
  }
}

/** The delimiter by which the first line names most of our columns. Throws CommandError where none finds any. */
function delimiterOf(firstLine: string): string {
  let best = DELIMITERS[0] ?? ',';
  let bestCount = 0;
  for (const delimiter of DELIMITERS) {
    const cells = firstLine.split(delimiter).map((cell) => cell.trim().replaceAll('"', ''));
    const count = cells.filter((cell) => columnOf(cell) !== null).length;
    if (count > bestCount) [best, bestCount] = [delimiter, count];
  }
  if (bestCount === 0 && firstLine !== '') throw otherHeadings(REQUIRED, firstLine);
  return best;
}

function headings(cells: Cells, firstLine: string): Column[] {
  const columns = cells.map((heading) => columnOf(heading ?? ''));
  const missing = REQUIRED.filter((name) => !columns.some((column) => column?.name === name));
  if (missing.length > 0) throw otherHeadings(missing, firstLine);
  return columns;
}

function otherHeadings(missing: readonly string[], firstLine: string): CommandError {
  return new CommandError(
    `the first line names no column ${missing.join(', ')}: it is ${shown(firstLine)}, and must name the columns ` +
      `${REQUIRED.join(', ')} with commas, semicolons or tabs between them`,
  );
}

function shown(line: string): string {
  const short = line.length <= SHOWN_UNITS_MAX ? line : `${line.slice(0, SHOWN_UNITS_MAX)}…`;
  return JSON.stringify(short.toWellFormed());
}

function recordOf(columns: readonly Column[], cells: Cells): Record<string, string | null> {
  const record: Record<string, string | null> = {};
  for (const [at, column] of columns.entries()) {
    const value = cells[at] ?? null;
    if (column !== null)
      record[column.name] = value !== null && column.guarded ? unguarded(value) : value;
  }
  return record;
}

/** Passes UTF-8 through. Throws CommandError at the first invalid byte, which the parser would turn into a character. */
async function* checkedUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const check = (chunk?: Buffer): void => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new CommandError('the file is not UTF-8');
    }
  };
  for await (const chunk of chunks) {
    check(chunk);
    yield chunk;
  }
  // It may end inside a character.
  check();
}
