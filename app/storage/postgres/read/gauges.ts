// The gauges of this engine: what the database says of itself, and the connections of this replica.
import type { GaugeDescription } from '../../store.ts';
import type { Pool } from '../database/pool.ts';
import type { Session } from '../database/session.ts';
import { readProgress } from '../index/progress.ts';

/** Names are a contract: boards and alerts use them. Those of all engines have the same meaning in each. */
const GAUGES = {
  oncebox_messages: 'Messages stored.',
  oncebox_list_backlog_messages:
    'Messages that the lists and counts do not hold yet; readers add them.',
  oncebox_search_backlog_messages: 'Messages that search does not hold yet.',
  oncebox_database_bytes: 'Size of the database.',
  oncebox_database_connections: 'Connections of this replica to the database.',
  oncebox_database_connections_busy: 'Connections of this replica that are in use.',
} as const satisfies Readonly<Record<string, string>>;

type GaugeName = keyof typeof GAUGES;

export const GAUGE_DESCRIPTIONS: readonly GaugeDescription[] = Object.entries(GAUGES).map(
  ([name, help]) => ({ name, help }),
);

/** Returns all of them. To be called inside a snapshot. Rejects with what the client throws. */
export async function readGauges(
  session: Session,
  pools: readonly Pool[],
): Promise<ReadonlyMap<GaugeName, number>> {
  const { messages, unlisted, lastSeq, searchedSeq } = await readProgress(session);
  const [size] = await session.rows<[number]>('SELECT pg_database_size(current_database())');
  const sum = (value: (pool: Pool) => number): number =>
    pools.reduce((total, pool) => total + value(pool), 0);
  return new Map<GaugeName, number>([
    ['oncebox_messages', messages],
    // What was removed since is part of the difference, and so are numbers that no message has.
    ['oncebox_list_backlog_messages', Math.min(messages, unlisted)],
    ['oncebox_search_backlog_messages', Math.min(messages, lastSeq - searchedSeq)],
    ['oncebox_database_bytes', size?.[0] ?? 0],
    ['oncebox_database_connections', sum((pool) => pool.size)],
    ['oncebox_database_connections_busy', sum((pool) => pool.busy)],
  ]);
}
