// Which errors say that the index is damaged: after those it is deleted and built again, after others the step is retried.

import { Refusal } from '../../../model/refusal.ts';

/** The index cannot be used. `damaged`: the file must be built again. Otherwise the indexer detects it by itself, or the query lost a race with it. */
export class IndexUnusable extends Refusal {
  override readonly name = 'IndexUnusable';
  readonly damaged: boolean;

  constructor(message: string, damaged: boolean, options?: ErrorOptions) {
    super(message, options);
    this.damaged = damaged;
  }
}

// Result codes of SQLite (https://sqlite.org/rescode.html) for a file that is damaged, or is no database.
const CORRUPT = 11;
const NOTADB = 26;
/** A row to be added exists already: the index holds more than its watermark says. */
const CONSTRAINT = 19;
/** The WAL is shorter than it was. */
const IOERR_SHORT_READ = 522;

/** Returns whether an error of `node:sqlite`, or of this room, says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof IndexUnusable) return error.damaged;
  const code = Number((error as { errcode?: unknown } | null)?.errcode);
  return code === IOERR_SHORT_READ || [CORRUPT, NOTADB, CONSTRAINT].includes(code & 0xff);
}
