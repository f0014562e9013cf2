// Classifies errors of SQLite: what the service reports, and treats differently.
import { StoreUnavailable } from '../../store.ts';
import type { UnavailableReason } from '../../../model/unavailable.ts';
import type { Failure } from './protocol.ts';

// Primary result codes of SQLite (https://sqlite.org/rescode.html).
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
const ERROR = 1;

/** Returns the kind of an error of `node:sqlite`: those that the service treats differently. */
export function failureOf(error: unknown): Failure {
  const code = resultCode(error);
  if (code === BUSY || code === LOCKED) return 'locked';
  if (code === FULL || code === IOERR || code === READONLY || code === CANTOPEN) return 'disk';
  if (code === CORRUPT || code === NOTADB) return 'corrupt';
  if (code === ERROR) return 'schema';
  return 'other';
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
