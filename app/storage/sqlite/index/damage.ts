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
/** Extended codes of `IOERR`: the WAL is shorter than it was; a sync failed. */
const IOERR_SHORT_READ = 522;
const IOERR_FSYNC = 1_034;

/** Returns whether an error, of `node:sqlite` or an IndexUnusable, says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  if (error instanceof IndexUnusable) return error.damaged;
  const code = extendedCode(error);
  return code === IOERR_SHORT_READ || DAMAGE.includes(code & 0xff);
}

/**
 * Returns whether a sync of the file or of its WAL has failed. What it covered may be missing when the power fails, although a later sync
 * succeeds, and nothing would show it: the index is built again then.
 */
export function isFailedSync(error: unknown): boolean {
  return extendedCode(error) === IOERR_FSYNC;
}

function extendedCode(error: unknown): number {
  return Number((error as { errcode?: unknown } | null)?.errcode);
}
