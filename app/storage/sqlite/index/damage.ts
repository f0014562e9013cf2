// What counts as a damaged index: errors after which it is deleted and built again, instead of being tried again.

import { Refusal } from '../../../model/refusal.ts';

/** The index cannot be used. `damaged`: it is to be built again; else the indexer will find that out, or it was only overtaken. */
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
/** A row is there already that is about to be added: the index holds more than it says. */
const CONSTRAINT = 19;
/** The WAL is shorter than it was. */
const IOERR_SHORT_READ = 522;

/** Returns whether an error of `node:sqlite`, or of this room, says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof IndexUnusable) return error.damaged;
  const code = Number((error as { errcode?: unknown } | null)?.errcode);
  return code === IOERR_SHORT_READ || [CORRUPT, NOTADB, CONSTRAINT].includes(code & 0xff);
}
