// Classifies errors of the server and of the connection to it: what the service reports, and treats differently.
import { DatabaseError } from 'pg';
import { Refusal } from '../../../model/refusal.ts';
import type { UnavailableReason } from '../../../model/unavailable.ts';
import { StoreUnavailable } from '../../store.ts';

// SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html): whole codes, then classes.
const REASONS: Readonly<Record<string, UnavailableReason>> = {
  '25006': 'database', // read_only_sql_transaction
  '40003': 'database', // statement_completion_unknown
  '53100': 'disk', // disk_full
  '55P03': 'locked', // lock_not_available
  '57014': 'timeout', // query_canceled
  '58030': 'disk', // io_error
  '42P01': 'schema', // undefined_table
  '42703': 'schema', // undefined_column
  '3F000': 'schema', // invalid_schema_name
};
const CLASSES: Readonly<Record<string, UnavailableReason>> = {
  '08': 'database', // connection exception
  '28': 'database', // invalid authorization
  '3D': 'database', // invalid catalog name
  '40': 'locked', // transaction rollback: retried without success
  '53': 'database', // insufficient resources
  '57': 'database', // operator intervention: shutdown, crash, not yet started
  XX: 'corrupt', // internal error: data or index corrupted, among others
};
/** A transaction that failed like this may succeed when it is tried again: serialization failure, deadlock, unique violation. */
const RETRYABLE: readonly unknown[] = ['40001', '40P01', '23505'];
/** No waiting helps against these: who connects, or to what, has to be changed. */
const HOPELESS_CLASSES: readonly unknown[] = ['28', '3D', '42'];

/** The server was reached, and is set so that it would break what the service promises. The message names the setting. */
export class ServerRefused extends Refusal {
  override readonly name = 'ServerRefused';
}

/** Returns the SQLSTATE of an error of the server; null for any other error. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null;
}

/** Returns why something has no result: what the server said, or that it was not reached. */
export function reasonOf(error: unknown): UnavailableReason {
  if (error instanceof StoreUnavailable) return error.reason;
  if (error instanceof ServerRefused) return 'database';
  const state = sqlStateOf(error);
  if (state !== null) return REASONS[state] ?? CLASSES[state.slice(0, 2)] ?? 'other';
  return isOfConnection(error) ? 'database' : 'other';
}

export function isRetryable(error: unknown): boolean {
  return RETRYABLE.includes(sqlStateOf(error));
}

/** Returns whether a server says this again however long one waits: it is not away, but is not to be used. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof Refusal) return !(error instanceof StoreUnavailable);
  return HOPELESS_CLASSES.includes(sqlStateOf(error)?.slice(0, 2));
}

/** Returns the error as one that the caller of the store may see. Its message has no value of a message, and no password. */
export function unavailableOf(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  return new StoreUnavailable(reasonOf(error), describeError(error), { cause: error });
}

/** Returns an error in words. Of those whose text could quote what was stored, only the code. */
export function describeError(error: unknown): string {
  const state = sqlStateOf(error);
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (state === null) return message;
  return /^(22|23|P0)/.test(state) ? `SQLSTATE ${state}` : `SQLSTATE ${state}: ${message}`;
}

/** Returns whether an error is the connection's: the system's about a socket, one of TLS, or one of the client about its end. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Refusal) return false;
  const { code } = error as { code?: unknown };
  // The client's own errors have no code: terminated, timeout expired, read timeout, not queryable.
  return typeof code === 'string' || /connection|timeout|queryable/i.test(error.message);
}
