// Steps over numbers that no message has: messages were removed, or a restore continued at a higher number.
import type { DatabaseSync } from 'node:sqlite';
import { preparedArrays } from './statements.ts';

/** The lowest number of a message above `seq`; null where there is none. */
export function firstAfter(database: DatabaseSync, seq: number): number | null {
  const select = 'SELECT min(seq) FROM messages WHERE seq > ?';
  const [first] = preparedArrays(database, select).get(seq) as unknown as [number | null];
  return first;
}

/** Whether more than `count` messages have numbers above `seq`. Reads no more than that many. */
export function areMoreAfter(database: DatabaseSync, seq: number, count: number): boolean {
  const select = 'SELECT count(*) > ?2 FROM (SELECT 1 FROM messages WHERE seq > ?1 LIMIT ?2 + 1)';
  const [more] = preparedArrays(database, select).get(seq, count) as unknown as [number];
  return more === 1;
}
