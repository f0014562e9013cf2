// The gauges of this engine: what the file says of itself and of its index, and what they take on the disk.
import { statSync, statfsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { GaugeDescription } from '../../store.ts';
import { counterReader } from '../file/counters.ts';
import { indexPath } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';

/** Names are a contract: boards and alerts use them. */
const GAUGES = {
  oncebox_messages: 'Messages stored.',
  oncebox_list_backlog_messages:
    'Messages that the sorted lists and counts of the index do not hold yet; readers merge them in.',
  oncebox_search_backlog_messages: 'Messages that the search index does not hold yet.',
  oncebox_database_bytes: 'Size of the database file.',
  oncebox_wal_bytes: 'Size of the write-ahead log of the database.',
  oncebox_index_bytes: 'Size of the index file with its write-ahead log.',
  oncebox_disk_free_bytes: 'Bytes that the file system of the database has left for the service.',
} as const satisfies Readonly<Record<string, string>>;

type GaugeName = keyof typeof GAUGES;

export const GAUGE_DESCRIPTIONS: readonly GaugeDescription[] = Object.entries(GAUGES).map(
  ([name, help]) => ({ name, help }),
);

/** Returns all of them. To be called inside the snapshot of `progress`. Throws what SQLite or the system throws. */
export function readGauges(
  database: DatabaseSync,
  { index, main }: IndexProgress,
  path: string,
): ReadonlyMap<GaugeName, number> {
  const { bavail, bsize } = statfsSync(path);
  const messages = counterReader(database)('messages');
  return new Map<GaugeName, number>([
    ['oncebox_messages', messages],
    // Numbers that no message has are part of the difference: it is no more than there is.
    ['oncebox_list_backlog_messages', Math.min(messages, main.lastSeq - index.listedSeq)],
    ['oncebox_search_backlog_messages', Math.min(messages, main.lastSeq - index.searchedSeq)],
    ['oncebox_database_bytes', statSync(path).size],
    ['oncebox_wal_bytes', sizeOf(`${path}-wal`)],
    ['oncebox_index_bytes', sizeOf(indexPath(path)) + sizeOf(`${indexPath(path)}-wal`)],
    // Blocks that are kept back for root do not count: a service runs without it.
    ['oncebox_disk_free_bytes', bavail * bsize],
  ]);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
