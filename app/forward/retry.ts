// When an attempt that failed is repeated, and when its entry is given up.
import type { Unfinished } from '../storage/store.ts';
import type { Outcome } from './outcome.ts';
import type { Task } from './task-queue.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** After the first failure, the second, and so on; after the last of them always the same. */
const DELAYS_MS = [
  5 * SECOND_MS,
  300 * SECOND_MS,
  1_800 * SECOND_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  12 * HOUR_MS,
];
/** Each delay is longer or shorter by up to this part of it, so that what failed together is not repeated together. */
const JITTER = 0.2;

/** Returns the time until the next attempt, in milliseconds, after so many that failed. `random`: 0 to 1. */
export function retryDelayMs(attempts: number, random: number = Math.random()): number {
  const delay = DELAYS_MS[Math.min(attempts, DELAYS_MS.length) - 1] ?? 0;
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}

/** What is known of an attempt that failed. Times in milliseconds since 1970. */
export interface FailedAttempt {
  readonly startMs: number;
  readonly nowMs: number;
  /** Everything fails, not only this entry: then it is attempted again as soon as after its first failure. */
  readonly blameless: boolean;
  /** Time after the first attempt until the entry is a dead letter. */
  readonly retryHours: number;
}

/** Returns what is kept of the entry: when it is attempted again, or that it is a dead letter. */
export function rowOfFailure(
  { entry, conversation, row }: Task,
  { error, retryAfterMs }: Outcome,
  { startMs, nowMs, blameless, retryHours }: FailedAttempt,
): Unfinished {
  const attempts = (row?.attempts ?? 0) + 1;
  const firstMs = row?.firstMs ?? startMs;
  const endMs = firstMs + retryHours * HOUR_MS;
  const kept = { seq: entry.seq, conversation, attempts, firstMs, lastMs: startMs, error };
  if (nowMs >= endMs) return { ...kept, state: 'dead', dueMs: null };
  // The last attempt is made when the time is over, and not before.
  const dueMs = Math.min(nowMs + retryDelayMs(blameless ? 1 : attempts), endMs);
  return { ...kept, state: 'retry', dueMs: Math.max(dueMs, nowMs + (retryAfterMs ?? 0)) };
}
