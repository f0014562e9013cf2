// The exit codes of `oncebox`, and the error that carries one.
import { Refusal } from '../model/refusal.ts';

/** A test compares docs/reference/exit-codes.md with this list. */
export const EXIT = {
  /** Done; nothing wrong was found. */
  done: 0,
  /** It failed, or a problem was found. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The database is in use, and must not be: stop the service first. */
  inUse: 3,
  /** Done, except for some of the input, which was reported. */
  partly: 4,
  /** A setting cannot be used (sysexits.h: EX_CONFIG), as when the service starts. */
  config: 78,
  /** Stopped by Ctrl-C (128 + SIGINT), or by SIGTERM. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error whose message is for the operator, with its exit code. */
export class CommandError extends Refusal {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
