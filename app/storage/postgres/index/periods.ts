// Periods: how many messages have their instant in a minute, an hour, a day.
import { PERIODS } from './limits.ts';

/** SQL for rows `(unit, start, messages)` that count the messages of `source` by period. */
export function periodsOf(source: string): string {
  const units = PERIODS.map((unit) => `(${unit})`).join(', ');
  return `SELECT u.unit, k.ts_seconds - (k.ts_seconds % u.unit + u.unit) % u.unit, count(*)
    FROM ${source} k CROSS JOIN (VALUES ${units}) AS u (unit) GROUP BY 1, 2 ORDER BY 1, 2`;
}
