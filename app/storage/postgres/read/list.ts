// A list as it is now: counts and positions from its segments, and from the tail of messages that they do not count yet.
import type { OrderKey } from '../../../model/order.ts';
import { StoreUnavailable } from '../../store.ts';
import {
  DESCENDING,
  FIRST_KEY,
  KEY_COLUMNS,
  keyOf,
  keyParameter,
  keyValues,
} from '../database/keys.ts';
import type { Session, Value } from '../database/session.ts';
import { ALL, TAIL_MESSAGES_MAX } from '../index/limits.ts';
import type { Progress } from '../index/progress.ts';
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

/** `$1` is the sender, `$2` the last number that is listed. */
interface Scope {
  readonly list: string;
  /** Conditions on a message `m`. */
  readonly message: string;
  readonly tail: string;
}

const OF_ALL: Scope = {
  list: String(ALL),
  message: '$1::text IS NULL',
  tail: `${tail('$2')} AND $1::text IS NULL`,
};
const OF_SENDER: Scope = {
  list: '(SELECT sender FROM senders WHERE from_msisdn = $1 AND segmented)',
  message: 'm.from_msisdn = $1',
  tail: `${tail('$2')} AND m.from_msisdn = $1`,
};

/** Of a list without segments the whole is one that begins before all. */
const BEGINNING = `SELECT ${FIRST_KEY.seconds}::int8, 0, ''::bytea, 0::int8`;

/** How many messages come before the key in `$3` to `$5`. */
const rankOf = ({ list, message, tail: rest }: Scope): string =>
  `WITH start AS MATERIALIZED (
     SELECT * FROM (
       (SELECT ${KEY_COLUMNS}, messages FROM segments g WHERE list = ${list} AND ${keyOf('g')} <= ${keyParameter(3)}
         ORDER BY ${DESCENDING} LIMIT 1)
       UNION ALL ${BEGINNING}
     ) s ORDER BY ${DESCENDING} LIMIT 1
   )
   SELECT (SELECT coalesce(sum(g.messages), 0) FROM segments g, start s WHERE g.list = ${list} AND ${keyOf('g')} < ${keyOf('s')})::int8
     + (SELECT count(*) FROM start s CROSS JOIN ${rest} AND ${keyOf('m')} < ${keyOf('s')})
     + (SELECT n FROM start s CROSS JOIN LATERAL (SELECT count(*) AS n FROM messages m
          WHERE ${message} AND ${keyOf('m')} >= ${keyOf('s')} AND ${keyOf('m')} < ${keyParameter(3)}) c)`;

/** The last segment that begins at the position `$3` or before it, and how many messages come before that segment. */
const locateIn = ({ list, tail: rest }: Scope): string =>
  `SELECT ${KEY_COLUMNS}, passed FROM (
     SELECT ${KEY_COLUMNS}, starts, (sum(messages) OVER (ORDER BY ${KEY_COLUMNS} ROWS UNBOUNDED PRECEDING) - messages)::int8 AS passed
     FROM (
       SELECT ${KEY_COLUMNS}, messages, true AS starts FROM segments WHERE list = ${list}
       UNION ALL SELECT m.ts_seconds, m.ts_nanos, m.message_id, 1, false FROM ${rest}
     ) e
   ) r WHERE starts AND passed <= $3::int8 ORDER BY passed DESC, ${DESCENDING} LIMIT 1`;

export class MessageList {
  readonly #session: Session;
  readonly #progress: Progress;
  readonly #from: string | null;
  readonly #scope: Scope;

  /** The list of a sender's messages, or of all where `from` is null. To be used inside the snapshot of `progress`. */
  constructor(session: Session, progress: Progress, from: string | null) {
    this.#session = session;
    this.#progress = progress;
    this.#from = from;
    this.#scope = from === null ? OF_ALL : OF_SENDER;
  }

  /** How many messages there are. Rejects with StoreUnavailable, and with what the client throws. */
  async count(): Promise<number> {
    if (this.#from === null) return this.#progress.messages;
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number]>(
      `SELECT coalesce((SELECT messages FROM senders WHERE from_msisdn = $1), 0) + (SELECT count(*) FROM ${OF_SENDER.tail})`,
      [this.#from, this.#progress.listedSeq],
    );
    return row?.[0] ?? 0;
  }

  /** How many messages come before the key. Rejects with StoreUnavailable, and with what the client throws. */
  async rank(key: OrderKey): Promise<number> {
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number]>(rankOf(this.#scope), [
      this.#from,
      this.#progress.listedSeq,
      ...keyValues(key),
    ]);
    return row?.[0] ?? 0;
  }

  /** Where the message at a position is found. Rejects with StoreUnavailable, and with what the client throws. */
  async locate(position: number): Promise<Position> {
    assertListed(this.#progress);
    const [row] = await this.#session.rows<[number, number, Buffer, number]>(
      locateIn(this.#scope),
      [this.#from, this.#progress.listedSeq, position],
    );
    if (row === undefined) return { start: FIRST_KEY, skip: position };
    const [seconds, nanos, id, passed] = row;
    return { start: { seconds, nanos, messageId: id.toString() }, skip: position - passed };
  }

  /** Up to `limit` messages from the position on. */
  async at({ start, skip }: Position, limit: number): Promise<MessageRow[]> {
    return await this.#select(`${keyOf('m')} >= ${keyParameter(2)}`, KEY_COLUMNS, limit, skip, [
      ...keyValues(start),
    ]);
  }

  /** Up to `limit` messages after the key. */
  async after(key: OrderKey, limit: number): Promise<MessageRow[]> {
    return await this.#select(`${keyOf('m')} > ${keyParameter(2)}`, KEY_COLUMNS, limit, 0, [
      ...keyValues(key),
    ]);
  }

  /** Up to `limit` messages before the key and not before `least`, in descending order. */
  async before(key: OrderKey, least: OrderKey, limit: number): Promise<MessageRow[]> {
    const range = `${keyOf('m')} < ${keyParameter(2)} AND ${keyOf('m')} >= ${keyParameter(5)}`;
    return await this.#select(range, DESCENDING, limit, 0, [
      ...keyValues(key),
      ...keyValues(least),
    ]);
  }

  /** Keys are passed over in the index; only the messages of the page are read. */
  async #select(
    range: string,
    order: string,
    limit: number,
    skip: number,
    keys: readonly Value[],
  ): Promise<MessageRow[]> {
    const by = order.replaceAll(/\b(?=ts_|message_)/g, 'm.');
    return await this.#session.rows<MessageRow>(
      `SELECT ${MESSAGE_COLUMNS} FROM (
         SELECT m.message_id FROM messages m WHERE ${this.#scope.message} AND ${range} ORDER BY ${by} LIMIT ${limit} OFFSET ${skip}
       ) k JOIN messages m USING (message_id) ORDER BY ${by}`,
      [this.#from, ...keys],
    );
  }
}
