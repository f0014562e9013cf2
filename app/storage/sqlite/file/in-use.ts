// The refusal to work on a file that another process uses.
import { AdminError } from '../../admin.ts';

/** The result code of SQLite for a lock of another process. */
export const SQLITE_BUSY = 5;

/** Another process holds a lock that does not go together with the one asked for. The message is for the operator. */
export class InUseError extends AdminError {
  override readonly name = 'InUseError';
  /** So it counts as any other lock of another process. */
  readonly errcode = SQLITE_BUSY;

  constructor(message: string) {
    super('in_use', message);
  }
}
