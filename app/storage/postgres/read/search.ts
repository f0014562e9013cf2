// Finds the messages whose text contains a string: blocks out of the index, each text compared, and the texts that search lacks.
import type { MessageQuery } from '../../../model/page.ts';
import { foldCase } from '../../../model/search.ts';
import { StoreUnavailable } from '../../store.ts';
import { byteaArray, int4Array, int8Array } from '../database/arrays.ts';
import {
  DESCENDING,
  KEY_COLUMNS,
  keyOf,
  keyParameter,
  keyValues,
  qualified,
} from '../database/keys.ts';
import { MESSAGES_AFTER } from '../database/numbers.ts';
import type { Session, Value } from '../database/session.ts';
import { SEARCH_TAIL_MAX } from '../index/limits.ts';
import type { Progress } from '../index/progress.ts';
import { searchedTrigrams } from '../index/trigrams.ts';
import { boundsOf, directionOf, filterBounds } from '../../range.ts';
import { MESSAGE_COLUMNS, type MessageRow, type Slice, originIs } from './rows.ts';

/** `$1` is the folded search, `$2` the sender, `$3` and `$4` the first instant, `$5` and `$6` the first one after the last. */
const MATCHES = `position($1::bytea IN t.folded) > 0 AND ($2::text IS NULL OR t.from_msisdn = $2)
  AND (t.ts_seconds, t.ts_nanos) >= ($3::int8, $4::int4) AND (t.ts_seconds, t.ts_nanos) < ($5::int8, $6::int4)`;
/** `$7` has the trigrams: the texts of each block that has all of them. */
const IN_BLOCKS = `SELECT k.* FROM (SELECT block FROM search_blocks WHERE trigrams @> $7::int4[]) b
  CROSS JOIN LATERAL (SELECT t.ts_seconds, t.ts_nanos, t.message_id FROM search_texts t
    WHERE t.block = b.block AND ${MATCHES} OFFSET 0) k`;
/** All texts, where the search has no trigram. */
const IN_ALL = `SELECT t.ts_seconds, t.ts_nanos, t.message_id FROM search_texts t WHERE $7::int4[] IS NULL AND ${MATCHES}`;

/** `$8` to `$10` are the keys of the matches in the tail, `$11` to `$16` those between which the page is, `$17` the source where there is one. */
const pageOf = (
  source: string,
  origin: string,
  isDescending: boolean,
  limit: number,
  offset: number,
): string => {
  const order = isDescending ? DESCENDING : KEY_COLUMNS;
  const by = qualified('m', order);
  return `WITH hits AS MATERIALIZED (
      SELECT * FROM (${source} UNION ALL SELECT * FROM unnest($8::int8[], $9::int4[], $10::bytea[])) m WHERE ${origin}
    ), page AS (
      SELECT h.message_id FROM hits h WHERE ${keyOf('h')} >= ${keyParameter(11)} AND ${keyOf('h')} < ${keyParameter(14)}
      ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}
    )
    SELECT c.total, ${MESSAGE_COLUMNS} FROM (SELECT count(*) AS total FROM hits) c
    LEFT JOIN (page JOIN messages m USING (message_id)) ON true ORDER BY ${by}`;
};

const ANY_ORIGIN = { condition: 'true', values: [] };

/** Where the page is empty there is one row, of the total. */
type HitRow = readonly [total: number, ...MessageRow] | readonly [total: number, id: null];

/** To be called inside the snapshot of `progress`. Rejects with StoreUnavailable where search lacks too many messages. */
export async function searchRows(
  session: Session,
  progress: Progress,
  query: MessageQuery,
  text: string,
): Promise<Slice> {
  const { from, limit, offset, source } = query;
  const needle = foldCase(text);
  const range = filterBounds(query);
  const filter = [
    from,
    range.from.seconds,
    range.from.nanos,
    range.below.seconds,
    range.below.nanos,
  ];
  const tail = await tailMatches(session, progress, filter, needle);
  const trigrams = searchedTrigrams(needle);
  const isDescending = directionOf(query) === 'desc';
  const bounds = boundsOf(query);
  // The planner takes blocks for cheap to scan, as it does not see how long their arrays are.
  await session.run(
    `SET LOCAL work_mem = '32MB'; SET LOCAL enable_seqscan = ${trigrams === null ? 'on' : 'off'}`,
  );
  const origin = source === null ? ANY_ORIGIN : originIs(source, 17);
  const texts = trigrams === null ? IN_ALL : IN_BLOCKS;
  const statement = pageOf(texts, origin.condition, isDescending, limit + 1, offset);
  const rows = await session.rows<HitRow>(statement, [
    Buffer.from(needle),
    ...filter,
    trigrams === null ? null : int4Array(trigrams),
    int8Array(tail.map(([seconds]) => seconds)),
    int4Array(tail.map(([, nanos]) => nanos)),
    byteaArray(tail.map(([, , id]) => id)),
    ...keyValues(bounds.from),
    ...keyValues(bounds.below),
    ...origin.values,
  ]);
  return {
    total: rows[0]?.[0] ?? 0,
    rows: rows.flatMap(([, ...row]) => (row[0] === null ? [] : [row as unknown as MessageRow])),
  };
}

type TailRow = readonly [seconds: number, nanos: number, id: Buffer, text: Buffer];

/** The matches among the messages that search does not hold yet, which are folded and compared here. */
async function tailMatches(
  session: Session,
  { lastSeq, searchedSeq }: Progress,
  filter: readonly Value[],
  needle: string,
): Promise<TailRow[]> {
  if (lastSeq <= searchedSeq) return [];
  if (lastSeq - searchedSeq > SEARCH_TAIL_MAX) await assertSearched(session, searchedSeq);
  const rows = await session.rows<TailRow>(
    `SELECT m.ts_seconds, m.ts_nanos, m.message_id, m.text FROM ${MESSAGES_AFTER}
     WHERE m.text IS NOT NULL AND ($2::text IS NULL OR m.from_msisdn = $2)
       AND (m.ts_seconds, m.ts_nanos) >= ($3::int8, $4::int4) AND (m.ts_seconds, m.ts_nanos) < ($5::int8, $6::int4)`,
    [searchedSeq, ...filter],
  );
  return rows.filter(([, , , text]) => foldCase(text.toString()).includes(needle));
}

/** Numbers that no message has do not count. Rejects with StoreUnavailable where search lacks too many messages. */
async function assertSearched(session: Session, searchedSeq: number): Promise<void> {
  const [row] = await session.rows<[number]>(
    `SELECT count(*) FROM (SELECT 1 FROM ${MESSAGES_AFTER} LIMIT ${SEARCH_TAIL_MAX + 1}) t`,
    [searchedSeq],
  );
  if ((row?.[0] ?? 0) > SEARCH_TAIL_MAX)
    throw new StoreUnavailable('index_behind', 'search is being filled');
}
