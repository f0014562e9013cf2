// Parses CSV into rows: headings name the columns, and quotes distinguish an empty text from none.
import { type Readable, Transform } from 'node:stream';
import { type Info, parse } from 'csv-parse';
import { columnOf, unguarded } from './format.ts';
import { type Row, rowOfRecord } from './row.ts';

const RECORD_UNITS_MAX = 1_048_576;
const REQUIRED = ['message_id', 'from', 'to', 'ts'];

type Column = ReturnType<typeof columnOf>;
type Cells = readonly (string | null)[];

export interface CsvRow {
  /** The line on which the record begins, counted from 1. */
  readonly line: number;
  readonly row: Row;
  /** The record as JSON, for the report of a rejected one. */
  readonly input: () => string;
}

/** Reads UTF-8. Throws where a heading is missing, where the bytes are not UTF-8, and where a quote is not closed. */
export async function* records(stream: Readable): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: RECORD_UNITS_MAX,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });
  let columns: readonly Column[] | null = null;
  let line = 1;
  const parsed = stream
    .pipe(checkedUtf8())
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of parsed as AsyncIterable<{ record: Cells; info: Info }>) {
    const begins = line;
    line = info.lines + 1;
    if (columns === null) columns = headings(record);
    else {
      const cells = record;
      const row: Row =
        cells.length === columns.length
          ? rowOfRecord(recordOf(columns, cells))
          : { reason: `${cells.length} cells, where the first line has ${columns.length}` };
      yield { line: begins, row, input: () => JSON.stringify(cells) };
    }
  }
}

function headings(cells: Cells): Column[] {
  const columns = cells.map((heading) => columnOf(heading ?? ''));
  const missing = REQUIRED.filter((name) => !columns.some((column) => column?.name === name));
  if (missing.length > 0) throw new Error(`the first line names no column ${missing.join(', ')}`);
  return columns;
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

/** Passes UTF-8 through, and fails at the first invalid byte, which the parser would turn into a character. */
function checkedUtf8(): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        decoder.decode(chunk, { stream: true });
        done(null, chunk);
      } catch {
        done(new Error('the file is not UTF-8'));
      }
    },
  });
}
