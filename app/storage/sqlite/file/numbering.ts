// Which sequence number comes next after a restore, or where the counter is damaged: one above every number ever assigned.
import type { DatabaseSync } from 'node:sqlite';
import { AdminError, LAST_SEQ_MAX, type NumberSource } from '../../admin.ts';

/** A clock with an earlier time is not set. */
const CLOCK_MS_MIN = Date.UTC(2026, 0);

/** What is known of the numbers that a file has assigned. */
export interface Numbers {
  /** The highest one that can be read; 0 where none can. */
  readonly highest: number;
  /** Whether no message can have had a higher one. */
  readonly certain: boolean;
}

export const UNKNOWN: Numbers = { highest: 0, certain: false };

/**
 * Reads the last number assigned, and compares it with the items: in a sound file the counter is never below them.
 * `scan`: reads the table, and not its index, which may be damaged. Never throws.
 */
export function readNumbers(database: DatabaseSync, scan = false): Numbers {
  const counter = numberOf(database, "SELECT value FROM counters WHERE name = 'last_seq'");
  const newest = ['messages', ...(hasEvents(database) ? ['events'] : [])].map((table) =>
    numberOf(database, `SELECT coalesce(max(seq), 0) FROM ${table} ${scan ? 'NOT INDEXED' : ''}`),
  );
  const certain =
    counter !== null && newest.every((number) => number !== null && counter >= number);
  return { highest: Math.max(counter ?? 0, ...newest.map((number) => number ?? 0)), certain };
}

/** A file of an earlier schema has none. */
function hasEvents(database: DatabaseSync): boolean {
  try {
    return (
      database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'events'").get() !== undefined
    );
  } catch {
    return false;
  }
}

/** Returns null where it cannot be read, or is not a number that a message may have. */
function numberOf(database: DatabaseSync, sql: string): number | null {
  try {
    const value = Object.values(database.prepare(sql).get() ?? {})[0];
    const possible = typeof value === 'number' && Number.isSafeInteger(value);
    return possible && value >= 0 && value <= LAST_SEQ_MAX ? value : null;
  } catch {
    return null;
  }
}

/**
 * Returns the number after which a restored file continues. Throws AdminError `unsafe_number`. `firstNumber`: the number that the operator wants
 * for the next message; null where it is to be determined.
 */
export function continueAfter(
  backup: Numbers,
  replaced: Numbers,
  firstNumber: number | null,
): { lastSeq: number; source: NumberSource } {
  const highest = Math.max(backup.highest, replaced.highest);
  if (firstNumber !== null) {
    if (firstNumber > highest) return { lastSeq: firstNumber - 1, source: 'option' };
    throw new AdminError(
      'unsafe_number',
      `--first-number must be above ${highest}, which was assigned before`,
    );
  }
  if (backup.certain && replaced.certain) return { lastSeq: highest, source: 'files' };
  return { lastSeq: numberOfClock(highest), source: 'clock' };
}

/**
 * Returns the time in milliseconds since 1970, which no message can have as its number yet: numbers begin with 1, or with such a
 * time, and then grow by less than 1,000 a second. Throws AdminError `unsafe_number` where the clock is not plausible.
 */
export function numberOfClock(above: number): number {
  const nowMs = Date.now();
  if (nowMs >= CLOCK_MS_MIN && nowMs > above && nowMs <= LAST_SEQ_MAX) return nowMs;
  throw new AdminError(
    'unsafe_number',
    `the last number assigned cannot be read, and the time of this machine (${new Date(nowMs).toISOString()}) ` +
      'is no safe one instead: set the clock, or restore with --first-number',
  );
}

/** Sets the counter, so that the next message gets the number after `lastSeq`. */
export function setLastSeq(database: DatabaseSync, lastSeq: number): void {
  database
    .prepare("INSERT OR REPLACE INTO counters (name, value) VALUES ('last_seq', ?)")
    .run(lastSeq);
}
