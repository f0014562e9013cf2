// Chunks of rows that are bounded in number and in size: payloads and bodies may be large.

/** Characters and bytes in one chunk; one row may have more. */
const CHUNK_UNITS = 4 * 1_048_576;

/** What may be large in a row. */
interface Sized {
  readonly text?: string | null;
  readonly payload?: string | null;
  readonly body?: Uint8Array;
}

/**
 * Takes the first rows: at most `limit`, and no more than fit into a chunk, but at least one. `more`: whether it stopped before the end;
 * the statement is then reset.
 */
export function take<Row extends Sized>(
  rows: Iterable<Row>,
  limit: number,
): { readonly rows: Row[]; readonly more: boolean } {
  const taken: Row[] = [];
  let units = 0;
  for (const row of rows) {
    taken.push(row);
    units += unitsOf(row);
    if (taken.length >= limit || units >= CHUNK_UNITS) return { rows: taken, more: true };
  }
  return { rows: taken, more: false };
}

/** Yields all rows in chunks; the statement stays open in between. */
export function* inChunks<Row extends Sized>(rows: Iterable<Row>, limit: number): Generator<Row[]> {
  let chunk: Row[] = [];
  let units = 0;
  for (const row of rows) {
    chunk.push(row);
    units += unitsOf(row);
    if (chunk.length < limit && units < CHUNK_UNITS) continue;
    yield chunk;
    chunk = [];
    units = 0;
  }
  yield chunk;
}

function unitsOf({ text, payload, body }: Sized): number {
  return (text?.length ?? 0) + (payload?.length ?? 0) + (body?.length ?? 0);
}
