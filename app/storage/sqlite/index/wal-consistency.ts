// Checks that the index file and the WAL beside it belong together: one of them may have been cut, deleted or exchanged.
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/**
 * The file stamp in the row of `state`. `file` is random. Each batch counts up `batch`; `checkpointed` is a batch that the
 * file held completely when this one was written: the WAL holds every page that was changed since.
 */
interface Stamp {
  readonly file: string;
  readonly batch: number;
  readonly checkpointed: number;
}

/**
 * Returns whether the file without its WAL is a state that the WAL continues from. One that is further than the WAL would get older pages
 * from it, and one that is too old would lack pages: neither is a damage that SQLite notices. The row lies in one of the first
 * pages, which a checkpoint copies first. `schema` is the index in this connection. Throws what SQLite throws.
 */
export function matchesWal(database: DatabaseSync, schema: string, path: string): boolean {
  // In this order a checkpoint of another process in between does no harm.
  const before = stampOf(database, schema);
  const file = stampOfFile(path);
  const after = stampOf(database, schema);
  if (before === null || file === null || after === null) return false;
  return (
    isOfWholePages(database, schema, path) &&
    file.file === before.file &&
    before.checkpointed <= file.batch &&
    file.batch <= after.batch
  );
}

/** SQLite takes what a page lacks at its end for zeros. */
function isOfWholePages(database: DatabaseSync, schema: string, path: string): boolean {
  const bytes = Number(database.prepare(`PRAGMA ${schema}.page_size`).get()?.['page_size']);
  return statSync(path).size % bytes === 0;
}

/** The row as the file alone has it. */
function stampOfFile(path: string): Stamp | null {
  const url = `${pathToFileURL(path).href}?immutable=1`;
  const database = new DatabaseSync(new URL(url), { readOnly: true });
  try {
    // A checkpoint writes the new length of the file first: until it has ended, the file is shorter than it says.
    database.exec('PRAGMA writable_schema = ON');
    return stampOf(database, 'main');
  } finally {
    database.close();
  }
}

function stampOf(database: DatabaseSync, schema: string): Stamp | null {
  const row = database.prepare(`SELECT file, batch, checkpointed FROM ${schema}.state`).get();
  if (row === undefined) return null;
  return {
    file: String(row['file']),
    batch: Number(row['batch']),
    checkpointed: Number(row['checkpointed']),
  };
}
