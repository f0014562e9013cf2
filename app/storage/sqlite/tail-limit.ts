// How long a tail may be for a reader to put it in by itself.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from './counters.ts';
import { areMoreAfter } from './gaps.ts';

/** After an upgrade the whole file may be tail. Then a read waits for another time instead of loading all of it. */
export const TAIL_MESSAGES_MAX = 65_536;

/** Throws where an order that is filled up to `watermark` lacks more messages than that. */
export function refuseLongTail(database: DatabaseSync, watermark: number): void {
  if (counterReader(database)('last_seq') - watermark <= TAIL_MESSAGES_MAX) return;
  if (areMoreAfter(database, watermark, TAIL_MESSAGES_MAX))
    throw new Error('the orders are being filled');
}
