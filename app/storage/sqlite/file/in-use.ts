// The error for a file that another process uses.
import { AdminError } from '../../admin.ts';
import { RESULT } from './failure.ts';

/** Another process holds a conflicting lock. The message is for the operator. */
export class InUseError extends AdminError {
  override readonly name = 'InUseError';
  /** `failureOf` classifies it as `locked`. */
  readonly errcode = RESULT.BUSY;

  constructor(message: string) {
    super('in_use', message);
  }
}
