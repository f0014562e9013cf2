// Errors whose cause is outside the program; everything else that is thrown is a bug.

/** An expected reason why something cannot be done: a file, a lock, an input. The message is for the operator. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
}

/**
 * Returns whether an error has its cause outside the program, so that its message is enough: a refusal, or an error of the
 * system or of SQLite about a file. Anything else is a bug, which needs its stack to be found.
 */
export function isExpected(error: unknown): error is Error {
  if (error instanceof Refusal) return true;
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof syscall === 'string' || code === 'ERR_SQLITE_ERROR';
}
