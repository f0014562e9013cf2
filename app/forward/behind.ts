// How far a destination is behind.
import type { ForwardStatus } from '../storage/store.ts';

/**
 * Returns how much is not finished: what is attempted again or waits, and numbers that come after the position. What the destination
 * does not want is among these until it was read.
 */
export function behindOf({
  position,
  finished,
  lastSeq,
  retrying,
  waiting,
}: Pick<ForwardStatus, 'position' | 'finished' | 'lastSeq' | 'retrying' | 'waiting'>): number {
  return Math.max(0, lastSeq - position - finished.length) + retrying + waiting;
}
