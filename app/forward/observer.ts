// What forwarding tells of its work.
import type { ForwardState } from '../model/forward.ts';
import type { ForwardEntry, Unfinished } from '../storage/store.ts';
import type { Outcome } from './outcome.ts';

/** Calls must be cheap and not throw. */
export interface ForwardObserver {
  /** An attempt is over. */
  attempted(name: string, outcome: Outcome, durationMs: number): void;
  /** An attempt failed, and this is kept of its entry: it is attempted again, or a dead letter. */
  kept(name: string, entry: ForwardEntry, row: Unfinished): void;
  /** It changed its state; `reason` in words, null where it is running or another process forwards. */
  changed(name: string, state: ForwardState, reason: string | null): void;
  /** Its state in the database could not be read or written; it is tried again. */
  failed(name: string, error: unknown): void;
}
