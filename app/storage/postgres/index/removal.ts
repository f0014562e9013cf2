// Removes items, and takes them out of everything derived from them in the same transaction.
import { CONFLICT } from '../../../model/item.ts';
import { byteaArray, int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { eventTombstone, messageTombstone } from '../database/tombstones.ts';
import { removeForwardRows } from './forward-rows.ts';
import { BLOCK_NUMBERS } from './limits.ts';
import { periodsOf } from './periods.ts';
import { removeDeliveries } from './removed-deliveries.ts';
import { SEGMENT_OF } from './segments.ts';

/** The filling of lists, counts and search waits for this, and this for it: what is listed cannot change in between. */
const LOCK = 'SELECT 1 FROM list_state l, search_state s, source_state c FOR UPDATE';

const GONE = `WITH state AS (SELECT listed_seq, counted_seq FROM list_state, source_state
  ), gone AS (
    DELETE FROM messages m USING batches b
    WHERE m.message_id = ANY($1::bytea[]) AND m.ts_seconds < $2::int8 AND b.batch = m.batch
    RETURNING m.message_id, m.ts_seconds, m.ts_nanos, m.from_msisdn, m.batch, b.first_seq + m.ord AS seq
  ), buried AS (
    INSERT INTO tombstones SELECT ${messageTombstone('message_id')} FROM gone ORDER BY 1 ON CONFLICT DO NOTHING
  ), listed AS MATERIALIZED (
    SELECT g.* FROM gone g, state WHERE g.seq <= state.listed_seq
  ), sourced AS MATERIALIZED (
    DELETE FROM origins o USING gone g, state WHERE o.message_id = g.message_id
    RETURNING o.source, o.delivery, g.message_id, g.ts_seconds, g.ts_nanos, g.seq <= state.counted_seq AS counted
  ), members AS (
    SELECT 0::int8 AS list, ts_seconds, ts_nanos, message_id FROM listed
    UNION ALL
    SELECT s.sender, ts_seconds, ts_nanos, message_id FROM listed JOIN senders s USING (from_msisdn) WHERE s.segmented
    UNION ALL
    SELECT c.list, ts_seconds, ts_nanos, message_id FROM sourced o JOIN sources c USING (source) WHERE c.segmented AND o.counted
  ), segmented AS (
    UPDATE segments g SET messages = g.messages - r.messages
    FROM (SELECT ${SEGMENT_OF} AS segment, count(*) AS messages FROM members k GROUP BY 1) r WHERE g.segment = r.segment
  ), timed AS (
    UPDATE periods p SET messages = p.messages - r.messages
    FROM (${periodsOf('listed')}) AS r (unit, start, messages) WHERE p.unit = r.unit AND p.start = r.start
  ), sent AS (
    UPDATE senders s SET messages = s.messages - r.messages
    FROM (SELECT from_msisdn, count(*) AS messages FROM listed GROUP BY 1) r WHERE s.from_msisdn = r.from_msisdn
    RETURNING s.messages
  ), received AS (
    UPDATE sources s SET messages = s.messages - r.messages
    FROM (SELECT source, count(*) AS messages FROM sourced WHERE counted GROUP BY 1) r WHERE s.source = r.source
  ), unsearched AS (
    DELETE FROM search_texts t USING gone g WHERE t.block = g.seq / ${BLOCK_NUMBERS} AND t.place = g.seq % ${BLOCK_NUMBERS}
  ), counted AS (
    UPDATE list_state SET removed = removed + (SELECT count(*) FROM gone),
      senders = senders - (SELECT count(*) FROM sent WHERE messages = 0)
  )
  SELECT g.batch, g.seq, o.delivery FROM gone g LEFT JOIN sourced o USING (message_id)`;

/** A new conflict about a message needs a lock of its row, which it does not get any more. */
const CONFLICTS = `SELECT event_id FROM events
  WHERE sha256(subject) = ANY (ARRAY(SELECT sha256(unnest($1::bytea[])))) AND subject = ANY($1) AND type = '${CONFLICT}'`;

/** `$1` are those that have to be before the second `$2`, `$3` those that go in any case. */
const GONE_EVENTS = `WITH gone AS (
    DELETE FROM events e USING batches b
    WHERE e.event_id = ANY($1::bytea[] || $3::bytea[]) AND (e.ts_seconds < $2::int8 OR e.event_id = ANY($3)) AND b.batch = e.batch
    RETURNING e.event_id, e.source, e.delivery, e.batch, b.first_seq + e.ord AS seq
  ), buried AS (
    INSERT INTO tombstones SELECT ${eventTombstone('event_id')} FROM gone ORDER BY 1 ON CONFLICT DO NOTHING
  ), received AS (
    UPDATE sources s SET events = s.events - r.events
    FROM (SELECT source, count(*) AS events FROM gone, source_state c WHERE seq <= c.counted_seq GROUP BY 1) r WHERE s.source = r.source
  )
  SELECT batch, seq, delivery FROM gone`;

/** What nothing is left of. The last batch stays: numbers go on from it, and so do those that lists and search have yet to pass. */
const EMPTY_BATCHES = `WITH gone AS (
    DELETE FROM batches b USING list_state l, search_state s, source_state c
    WHERE b.batch = ANY($1::int8[]) AND b.first_seq + b.width - 1 <= least(l.listed_seq, s.searched_seq, c.counted_seq)
      AND b.first_seq < (SELECT max(first_seq) FROM batches)
      AND NOT EXISTS (SELECT FROM messages m WHERE m.batch = b.batch)
      AND NOT EXISTS (SELECT FROM events e WHERE e.batch = b.batch)
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.batch = b.batch)
    RETURNING batch
  ) DELETE FROM source_batches s USING gone g WHERE s.batch = g.batch`;
const EMPTY_BLOCKS = `DELETE FROM search_blocks b WHERE b.block = ANY($1::int8[])
  AND NOT EXISTS (SELECT 1 FROM search_texts t WHERE t.block = b.block)`;
const EMPTY_SEGMENTS = `DELETE FROM segments g USING senders s WHERE g.list = s.sender AND s.messages = 0`;
const EMPTY_SENDERS = 'DELETE FROM senders WHERE messages = 0';
/** One of which no messages are left has no segments any more; its row stays while anything else of it is there. */
const EMPTY_LISTS = `WITH emptied AS (UPDATE sources SET segmented = false WHERE segmented AND messages = 0 RETURNING list)
  DELETE FROM segments g USING emptied e WHERE g.list = e.list`;
/**
 * An append whose snapshot is older than the tombstones must not commit: above READ COMMITTED, it fails here and is tried again. Last,
 * as appends wait for it.
 */
const NEW_TOMBSTONES = 'UPDATE commit_order SET one = true';

type GoneRow = readonly [batch: number, seq: number, delivery: number | null];

/** Ids in UTF-8. */
export interface Removal {
  readonly messages: readonly Uint8Array[];
  readonly events: readonly Uint8Array[];
  /** Items of this second and later stay. Conflicts go with the message that they are about, whenever they were. */
  readonly beforeSeconds: number;
  /** Whether the deliveries of what is removed go too, also where other items of them stay. */
  readonly withDeliveries?: boolean;
}

export interface Removed {
  readonly messages: number;
  /** Conflicts included. */
  readonly events: number;
  readonly deliveries: number;
}

/**
 * Removes these items, as far as they are there, with the conflicts about the messages, and with deliveries of which no item is left; a
 * tombstone of each id stays. To be called in a transaction whose statements each see what was committed before them. Returns how many
 * rows were removed. Rejects with what the client throws.
 */
export async function removeItems(session: Session, removal: Removal): Promise<Removed> {
  const { beforeSeconds } = removal;
  await session.run(LOCK);
  const messages = await session.rows<GoneRow>(GONE, [byteaArray(removal.messages), beforeSeconds]);
  const conflicts =
    messages.length === 0
      ? []
      : await session.rows<[Buffer]>(CONFLICTS, [byteaArray(removal.messages)]);
  const events =
    removal.events.length + conflicts.length === 0
      ? []
      : await session.rows<GoneRow>(GONE_EVENTS, [
          byteaArray(removal.events),
          beforeSeconds,
          byteaArray(conflicts.map(([id]) => id)),
        ]);
  if (messages.length + events.length === 0) return { messages: 0, events: 0, deliveries: 0 };
  const items = [...messages, ...events];
  const keys = [...new Set(items.map(([, , key]) => key).filter((key) => key !== null))];
  const deliveries = await removeDeliveries(session, keys, removal.withDeliveries ?? false);
  await removeForwardRows(
    session,
    items.map(([, seq]) => seq),
    deliveries.map(([, number]) => number),
  );
  const batches = new Set([...items, ...deliveries].map(([batch]) => batch));
  const blocks = new Set(messages.map(([, seq]) => Math.floor(seq / BLOCK_NUMBERS)));
  await settled([
    session.run(EMPTY_BATCHES, [int8Array([...batches])]),
    session.run(EMPTY_BLOCKS, [int8Array([...blocks])]),
    session.run(EMPTY_SEGMENTS),
    session.run(EMPTY_SENDERS),
    session.run(EMPTY_LISTS),
    session.run(NEW_TOMBSTONES),
  ]);
  return {
    messages: messages.length,
    events: events.length,
    deliveries: deliveries.length,
  };
}
