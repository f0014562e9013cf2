// Classifies errors of SQLite: what the service reports, and treats differently.
import { StoreUnavailable } from '../../store.ts';
import type { UnavailableReason } from '../../../model/unavailable.ts';
import type { Failure } from './protocol.ts';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
export const RESULT = {
  ERROR: 1,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  NOTADB: 26,
} as const;

const FAILURES: ReadonlyMap<number | null, Failure> = new Map([
  [RESULT.BUSY, 'locked'],
  [RESULT.LOCKED, 'locked'],
  [RESULT.FULL, 'disk'],
  [RESULT.IOERR, 'disk'],
  [RESULT.READONLY, 'disk'],
  [RESULT.CANTOPEN, 'disk'],
  [RESULT.CORRUPT, 'corrupt'],
  [RESULT.NOTADB, 'corrupt'],
  [RESULT.ERROR, 'schema'],
]);

/** Returns the kind of an error of `node:sqlite`: those that the service treats differently. */
export function failureOf(error: unknown): Failure {
  return FAILURES.get(resultCode(error)) ?? 'other';
}

/** Returns why a query has no result: the reason of a StoreUnavailable, else what `failureOf` returns. */
export function reasonOf(error: unknown): UnavailableReason {
  return error instanceof StoreUnavailable ? error.reason : failureOf(error);
}

/** Returns the primary result code of an error of `node:sqlite`, or of the one that caused it; null for any other error. */
function resultCode(error: unknown): number | null {
  const { errcode, cause } = (error ?? {}) as { errcode?: unknown; cause?: unknown };
  const code = errcode ?? (cause as { errcode?: unknown } | undefined)?.errcode;
  // The low byte of an extended code is the primary code.
  return typeof code === 'number' ? code & 0xff : null;
}
