// What cannot be done for a reason outside the program; everything else that is thrown is a bug.

/** An expected reason why something cannot be done: a file, a lock, an input. The message is for the operator. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
}

/**
 * Whether an error has its cause outside the program, so that its message says all: a refusal, or what the system or
 * SQLite says of a file. Anything else is a bug, which nobody finds without its stack.
 */
export function isExpected(error: unknown): error is Error {
  if (error instanceof Refusal) return true;
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof syscall === 'string' || code === 'ERR_SQLITE_ERROR';
}
