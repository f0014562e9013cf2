// Compares lists, segments, counts of senders, of sources and of periods with the items. The caller holds a snapshot.
import type { Depth } from '../../admin.ts';
import { KEY_COLUMNS } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { ALL } from '../index/limits.ts';
import { periodsOf } from '../index/periods.ts';
import type { Progress } from '../index/progress.ts';
import { sourceRows } from '../index/sources.ts';
import { difference } from './difference.ts';

/** What the lists should hold; `$1` is the last number that is listed, `$2` the last one that is counted by source. */
const LISTED = `(SELECT m.* FROM messages m JOIN batches b USING (batch) WHERE b.first_seq <= $1::int8)`;

/** What is kept, and what a scan finds. */
const COUNTS: readonly (readonly [what: string, kept: string, scanned: string])[] = [
  [
    'messages in the list of all',
    `SELECT coalesce(sum(messages), 0)::int8 FROM segments WHERE list = ${ALL}`,
    `SELECT count(*) FROM ${LISTED} m`,
  ],
  [
    'senders',
    'SELECT senders FROM list_state',
    `SELECT count(DISTINCT from_msisdn) FROM ${LISTED} m`,
  ],
  [
    'messages that are not listed yet',
    `SELECT coalesce((SELECT total FROM batches ORDER BY first_seq DESC LIMIT 1), 0) - listed_total
     FROM list_state`,
    'SELECT coalesce(sum(created), 0)::int8 FROM batches WHERE first_seq > $1::int8',
  ],
];

/** How many rows are wrong. */
const WRONG: readonly (readonly [what: string, sql: string])[] = [
  [
    'senders have a wrong count',
    `SELECT count(*) FROM senders s
     FULL JOIN (SELECT from_msisdn, count(*) AS messages FROM ${LISTED} m GROUP BY 1) m USING (from_msisdn)
     WHERE s.messages IS DISTINCT FROM m.messages`,
  ],
  [
    'periods have a wrong count',
    `SELECT count(*) FROM periods p
     FULL JOIN (${periodsOf(LISTED)}) AS m (unit, start, messages) USING (unit, start)
     WHERE coalesce(p.messages, 0) <> coalesce(m.messages, 0)`,
  ],
  [
    'sources have a wrong count',
    `SELECT count(*) FROM sources s FULL JOIN (
       SELECT source, sum(messages)::int8 AS messages, sum(events)::int8 AS events, sum(deliveries)::int8 AS deliveries
       FROM (${sourceRows('b.first_seq <= $2::int8')}) r (source, messages, events, deliveries, arrived) GROUP BY 1
     ) r USING (source)
     WHERE (coalesce(s.messages, 0), coalesce(s.events, 0), coalesce(s.deliveries, 0))
       <> (coalesce(r.messages, 0), coalesce(r.events, 0), coalesce(r.deliveries, 0))`,
  ],
  [
    'segmented lists do not add up to their source',
    `SELECT count(*) FROM (SELECT list, messages FROM sources WHERE segmented) s
     FULL JOIN (SELECT list, sum(messages) AS messages FROM segments WHERE list < ${ALL} GROUP BY 1) g USING (list)
     WHERE s.messages IS DISTINCT FROM g.messages`,
  ],
  [
    'segmented lists do not add up to their sender',
    `SELECT count(*) FROM (SELECT sender, messages FROM senders WHERE segmented) s
     FULL JOIN (SELECT list AS sender, sum(messages) AS messages FROM segments WHERE list > ${ALL} GROUP BY 1) g USING (sender)
     WHERE s.messages IS DISTINCT FROM g.messages`,
  ],
];

/** Segments and messages in one order: the messages after a segment, up to the next one, are its own. */
const SEGMENTS = `WITH places AS (
    SELECT list, ${KEY_COLUMNS}, messages, 1 AS starts FROM segments
    UNION ALL SELECT ${ALL}, ${KEY_COLUMNS}, NULL, 0 FROM ${LISTED} m
    UNION ALL SELECT s.sender, ${KEY_COLUMNS}, NULL, 0 FROM ${LISTED} m JOIN senders s USING (from_msisdn) WHERE s.segmented
    UNION ALL SELECT s.list, ${KEY_COLUMNS}, NULL, 0 FROM origins o JOIN batches b USING (batch) JOIN sources s USING (source)
      WHERE s.segmented AND b.first_seq <= $2::int8
  ), counted AS (
    SELECT list, messages, starts,
      sum(starts) OVER (PARTITION BY list ORDER BY ${KEY_COLUMNS}, starts DESC ROWS UNBOUNDED PRECEDING) AS part
    FROM places
  )
  SELECT count(*) FROM (
    SELECT max(messages) AS kept, count(*) FILTER (WHERE starts = 0) AS scanned FROM counted GROUP BY list, part
  ) p WHERE kept IS DISTINCT FROM scanned`;

/** Returns a sentence for each thing that is wrong. Rejects with what the client throws. */
export async function verifyLists(
  session: Session,
  { listedSeq, countedSeq }: Progress,
  depth: Depth,
): Promise<string[]> {
  const value = async (sql: string): Promise<number> => {
    // A parameter that is not used has no type: it is used here.
    const [row] = await session.rows<[number]>(
      `SELECT n FROM (${sql}) v (n) WHERE $1::int8 IS NOT NULL AND $2::int8 IS NOT NULL`,
      [listedSeq, countedSeq],
    );
    return row?.[0] ?? 0;
  };
  const problems: string[] = [];
  for (const [what, kept, scanned] of COUNTS)
    problems.push(...difference(what, await value(kept), await value(scanned)));
  const wrong =
    depth === 'quick' ? WRONG : [...WRONG, ['segments have a wrong count', SEGMENTS] as const];
  for (const [what, sql] of wrong) {
    const count = await value(sql);
    if (count > 0) problems.push(`${count} ${what}`);
  }
  return problems;
}
