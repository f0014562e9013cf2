// What is stored of each source: the counts that are kept, those of the batches that they lack, and the rest of all for the default source.
import { DEFAULT_SOURCE, type SourceCounts } from '../../../model/source.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { newestOfDefault, sourceRows } from '../index/sources.ts';
import type { Progress } from '../index/progress.ts';

const COUNTS = `SELECT source, sum(messages)::int8, sum(events)::int8, sum(deliveries)::int8, max(last_received_at) FROM (
    SELECT source, messages, events, deliveries, last_received_at FROM sources
    UNION ALL ${sourceRows('b.first_seq > $1::int8')}
  ) s GROUP BY 1 ORDER BY 1`;
/** Of what the counts lack. */
const NEWEST = newestOfDefault('b.first_seq > $1::int8');

/** To be called inside the snapshot of `progress`. Rejects with what the client throws. */
export async function selectSources(
  session: Session,
  { messages, countedSeq }: Progress,
): Promise<SourceCounts[]> {
  const [rows, [newest]] = await settled([
    session.rows<[string, number, number, number, string | null]>(COUNTS, [countedSeq]),
    session.rows<[string]>(NEWEST, [countedSeq]),
  ]);
  const named = rows.reduce((sum, row) => sum + row[1], 0);
  const sources = rows.map(([source, count, events, deliveries, last]): SourceCounts =>
    source === DEFAULT_SOURCE
      ? {
          source,
          messages: messages - named,
          events,
          deliveries,
          lastReceivedAt: newest !== undefined && newest[0] > (last ?? '') ? newest[0] : last,
        }
      : { source, messages: count, events, deliveries, lastReceivedAt: last },
  );
  return sources.filter((row) => row.messages + row.events + row.deliveries > 0);
}
