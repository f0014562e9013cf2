// Which errors say that the index is damaged: after those it is deleted and built again, after others the step is retried.
import { Refusal } from '../../../model/refusal.ts';
import { RESULT } from '../file/failure.ts';

/**
 * The index cannot be used. `damaged`: the file must be built again. Otherwise the indexer detects it by itself, or the query lost
 * a race with it.
 */
export class IndexUnusable extends Refusal {
  override readonly name = 'IndexUnusable';
  readonly damaged: boolean;

  constructor(message: string, damaged: boolean, options?: ErrorOptions) {
    super(message, options);
    this.damaged = damaged;
  }
}

/** `CONSTRAINT`: a row to be added exists already, so the index holds more than its watermark says. */
const DAMAGE: readonly number[] = [RESULT.CORRUPT, RESULT.NOTADB, RESULT.CONSTRAINT];
/** An extended code of `IOERR`: the WAL is shorter than it was. */
const IOERR_SHORT_READ = 522;

/** Returns whether an error, of `node:sqlite` or an IndexUnusable, says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof IndexUnusable) return error.damaged;
  const code = Number((error as { errcode?: unknown } | null)?.errcode);
  return code === IOERR_SHORT_READ || DAMAGE.includes(code & 0xff);
}
