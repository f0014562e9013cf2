// A list as it is now: counts and positions from its segments, and from the tail of messages that they do not count yet.
import type { OrderKey } from '../../../model/order.ts';
import type { Direction } from '../../../model/page.ts';
import { StoreUnavailable } from '../../store.ts';
import {
  DESCENDING,
  FIRST_KEY,
  KEY_COLUMNS,
  LAST_KEY,
  keyOf,
  keyParameter,
  keyValues,
  qualified,
} from '../database/keys.ts';
import type { Session, Value } from '../database/session.ts';
import { ALL, TAIL_MESSAGES_MAX } from '../index/limits.ts';
import type { Progress } from '../index/progress.ts';
import { sourcedMessages } from '../index/sources.ts';
import type { Bounds } from '../../range.ts';
import { MESSAGE_COLUMNS, type MessageRow } from './rows.ts';

/** SQL for the messages that the lists do not hold yet, after the number `listed`. Each batch is looked up in the index. */
export function tail(listed: string): string {
  return `batches b CROSS JOIN LATERAL (SELECT i.* FROM messages i WHERE i.batch = b.batch OFFSET 0) m
    WHERE b.first_seq > ${listed}::int8`;
}

/** Throws StoreUnavailable where the tail is too long to be read with each list. */
export function assertListed({ unlisted }: Progress): void {
  if (unlisted > TAIL_MESSAGES_MAX)
    throw new StoreUnavailable('index_behind', 'the lists are being filled');
}

/** Where to begin to walk, and how many messages to pass from there. */
interface Position {
  readonly start: OrderKey;
  readonly skip: number;
}

/** `$1` is the sender or the source, `$2` the last number that its list holds. */
interface Scope {
  readonly list: string;
  /** The table whose index is in the order of the list. */
  readonly table: 'messages' | 'origins';
  /** Conditions on a row `m` of it. */
  readonly member: string;
  readonly tail: string;
  readonly count: string | null;
}

const OF_ALL: Scope = {
  list: String(ALL),
  table: 'messages',
  member: '$1::text IS NULL',
  tail: `${tail('$2')} AND $1::text IS NULL`,
  count: null,
};
const OF_SENDER: Scope = {
  list: '(SELECT sender FROM senders WHERE from_msisdn = $1 AND segmented)',
  table: 'messages',
  member: 'm.from_msisdn = $1',
  tail: `${tail('$2')} AND m.from_msisdn = $1`,
  count: 'SELECT messages FROM senders WHERE from_msisdn = $1',
};
const OF_SOURCE: Scope = {
  list: '(SELECT list FROM sources WHERE source = $1 AND segmented)',
  table: 'origins',
  member: 'm.source = $1',
  tail: `${sourcedMessages('b.first_seq > $2::int8')} AND o.source = $1`,
  count: 'SELECT messages FROM sources WHERE source = $1',
};

/** Of a list without segments the whole is one that begins before all. */
const BEGINNING = `SELECT ${FIRST_KEY.seconds}::int8, 0, ''::bytea, 0::int8`;

/** How many messages come before the key in `$3` to `$5`. */
const rankOf = ({ list, table, member, tail: rest }: Scope): string =>
  `WITH start AS MATERIALIZED (
     SELECT * FROM (
       (SELECT ${KEY_COLUMNS}, messages FROM segments g WHERE list = ${list} AND ${keyOf('g')} <= ${keyParameter(3)}
         ORDER BY ${DESCENDING} LIMIT 1)
       UNION ALL ${BEGINNING}
     ) s ORDER BY ${DESCENDING} LIMIT 1
   )
   SELECT (SELECT coalesce(sum(g.messages), 0) FROM segments g, start s WHERE g.list = ${list} AND ${keyOf('g')} < ${keyOf('s')})::int8
     + (SELECT count(*) FROM start s CROSS JOIN ${rest} AND ${keyOf('m')} < ${keyOf('s')})
     + (SELECT n FROM start s CROSS JOIN LATERAL (SELECT count(*) AS n FROM ${table} m
          WHERE ${member} AND ${keyOf('m')} >= ${keyOf('s')} AND ${keyOf('m')} < ${keyParameter(3)}) c)`;

/** The last segment that begins at the position `$3` or before it, and how many messages come before that segment. */
const locateIn = ({ list, tail: rest }: Scope): string =>
  `SELECT ${KEY_COLUMNS}, passed FROM (
     SELECT ${KEY_COLUMNS}, starts, (sum(messages) OVER (ORDER BY ${KEY_COLUMNS} ROWS UNBOUNDED PRECEDING) - messages)::int8 AS passed
     FROM (
       SELECT ${KEY_COLUMNS}, messages, true AS starts FROM segments WHERE list = ${list}
       UNION ALL SELECT m.ts_seconds, m.ts_nanos, m.message_id, 1, false FROM ${rest}
     ) e
   ) r WHERE starts AND passed <= $3::int8 ORDER BY passed DESC, ${DESCENDING} LIMIT 1`;

/** The list of all messages, or of those of a sender or of a named source. To be used inside the snapshot of `progress`. */
export class MessageList {
  readonly #session: Session;
  readonly #progress: Progress;
  /** The first two parameters of each statement. */
  readonly #of: readonly [name: string | null, held: number];
  readonly #scope: Scope;

  private constructor(
    session: Session,
    progress: Progress,
    scope: Scope,
    of: readonly [name: string | null, held: number],
  ) {
    this.#session = session;
    this.#progress = progress;
    this.#of = of;
    this.#scope = scope;
  }

  static ofSender(session: Session, progress: Progress, from: string | null): MessageList {
    const scope = from === null ? OF_ALL : OF_SENDER;
    return new MessageList(session, progress, scope, [from, progress.listedSeq]);
  }

  static ofSource(session: Session, progress: Progress, source: string): MessageList {
    return new MessageList(session, progress, OF_SOURCE, [source, progress.countedSeq]);
  }

  /** How many messages there are. Rejects with StoreUnavailable, and with what the client throws. */
  async count(): Promise<number> {
    const { count, tail: rest } = this.#scope;
    if (count === null) return this.#progress.messages;
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number]>(
      `SELECT coalesce((${count}), 0) + (SELECT count(*) FROM ${rest})`,
      this.#of,
    );
    return row?.[0] ?? 0;
  }

  /** How many messages come before the key. Rejects with StoreUnavailable, and with what the client throws. */
  async rank(key: OrderKey): Promise<number> {
    if (key === FIRST_KEY) return 0;
    if (key === LAST_KEY) return await this.count();
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number]>(rankOf(this.#scope), [
      ...this.#of,
      ...keyValues(key),
    ]);
    return row?.[0] ?? 0;
  }

  /** Where the message at a position is found. Rejects with StoreUnavailable, and with what the client throws. */
  async locate(position: number): Promise<Position> {
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number, number, Buffer, number]>(
      locateIn(this.#scope),
      [...this.#of, position],
    );
    if (row === undefined) return { start: FIRST_KEY, skip: position };
    const [seconds, nanos, id, passed] = row;
    return { start: { seconds, nanos, messageId: id.toString() }, skip: position - passed };
  }

  /** Up to `limit` messages within the bounds, after `skip` others. */
  async rows(
    bounds: Bounds,
    direction: Direction,
    limit: number,
    skip: number,
  ): Promise<MessageRow[]> {
    const { table, member } = this.#scope;
    const [name] = this.#of;
    return await selectRows(this.#session, table, member, [name], bounds, direction, limit, skip);
  }
}

/**
 * Reads up to `limit` messages within the bounds, after `skip` others: those of which a row `m` of the table meets the condition, whose
 * parameters are `values`. Keys are passed over in the index; only the messages of the page are read.
 */
export async function selectRows(
  session: Session,
  table: Scope['table'],
  condition: string,
  values: readonly Value[],
  { from, below }: Bounds,
  direction: Direction,
  limit: number,
  skip: number,
): Promise<MessageRow[]> {
  const by = qualified('m', direction === 'asc' ? KEY_COLUMNS : DESCENDING);
  const next = values.length + 1;
  const range = `${keyOf('m')} >= ${keyParameter(next)} AND ${keyOf('m')} < ${keyParameter(next + 3)}`;
  return await session.rows<MessageRow>(
    `SELECT ${MESSAGE_COLUMNS} FROM (
       SELECT m.message_id FROM ${table} m WHERE ${condition} AND ${range} ORDER BY ${by} LIMIT ${limit} OFFSET ${skip}
     ) k JOIN messages m USING (message_id) ORDER BY ${by}`,
    [...values, ...keyValues(from), ...keyValues(below)],
  );
}
