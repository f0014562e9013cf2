// The error for a file that another process uses.
import { AdminError } from '../../admin.ts';

/** SQLite's result code for a lock held by another process. */
export const SQLITE_BUSY = 5;

/** Another process holds a conflicting lock. The message is for the operator. */
export class InUseError extends AdminError {
  override readonly name = 'InUseError';
  /** So it counts as any other lock of another process. */
  readonly errcode = SQLITE_BUSY;

  constructor(message: string) {
    super('in_use', message);
  }
}
