// One ordered list of the index: any position in it is a short walk from the start of a counted segment.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import {
  AFTER,
  ASCENDING,
  BEFORE,
  DESCENDING,
  type Entry,
  FIRST_KEY,
  KEY,
  KEY_COLUMNS,
  type KeyValues,
  keyValues,
  readEntries,
} from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { ALL, INDEX } from './schema.ts';

const ENTRIES = `SELECT ${KEY_COLUMNS}, seq FROM ${INDEX}.entries WHERE list = ?`;
const SEGMENTS = `FROM ${INDEX}.segments WHERE list = ?`;

/** A list without any entry has this number. */
const NO_LIST = -1;

export class IndexList {
  readonly #database: DatabaseSync;
  readonly #list: number;
  /** How many entries there are. */
  readonly count: number;

  /** The list of a sender's messages, or of all where `from` is null. To be used inside one snapshot. */
  constructor(database: DatabaseSync, from: string | null) {
    const where = from === null ? `list = ${ALL}` : 'sender = ?';
    const row = preparedArrays<[number, number]>(
      database,
      `SELECT list, messages FROM ${INDEX}.lists WHERE ${where}`,
    ).get(...(from === null ? [] : [from]));
    this.#database = database;
    this.#list = row?.[0] ?? NO_LIST;
    this.count = row?.[1] ?? 0;
  }

  /** How many entries come before the key. */
  rank(key: OrderKey): number {
    const start = this.#segmentOf(key);
    const before = this.#number(
      `SELECT coalesce(sum(messages), 0) ${SEGMENTS} AND ${KEY} < (?, ?, ?)`,
      start,
    );
    const within = this.#number(
      `SELECT count(*) FROM ${INDEX}.entries WHERE list = ? AND ${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?)`,
      [...start, ...keyValues(key)],
    );
    return before + within;
  }

  /** Up to `limit` entries from the position `rank` on, counted from 0. */
  at(rank: number, limit: number): Entry[] {
    const { start, before } = this.#segmentAt(rank);
    return this.#entries(
      `AND ${KEY} >= (?, ?, ?) ${ASCENDING} LIMIT ? OFFSET ?`,
      ...start,
      limit,
      rank - before,
    );
  }

  /** Up to `limit` entries after the key. */
  after(key: OrderKey, limit: number): Entry[] {
    return this.#entries(AFTER, ...keyValues(key), limit);
  }

  /** Up to `limit` entries before the key, in descending order. */
  before(key: OrderKey, limit: number): Entry[] {
    return this.#entries(BEFORE, ...keyValues(key), limit);
  }

  /** How many entries come before each of the instants, which are whole seconds in ascending order. One walk over the segments. */
  countsBefore(ends: readonly number[]): number[] {
    const segments = preparedArrays<[...KeyValues, number]>(
      this.#database,
      `SELECT ${KEY_COLUMNS}, messages ${SEGMENTS} ${ASCENDING}`,
    ).all(this.#list);
    if (segments.length === 0) segments.push([...keyValues(FIRST_KEY), this.count]);
    const within = `SELECT count(*) FROM ${INDEX}.entries WHERE list = ? AND ${KEY} >= (?, ?, ?) AND ts_seconds < ?`;
    const counts: number[] = [];
    let passed = 0;
    for (const [index, [seconds, nanos, messageId, messages]] of segments.entries()) {
      const nextStart = segments[index + 1]?.[0] ?? Infinity;
      // No message has an empty id, so a segment that begins in the second of an end begins after it.
      while (counts.length < ends.length && (ends[counts.length] ?? 0) <= nextStart) {
        const end = ends[counts.length] ?? 0;
        counts.push(passed + this.#number(within, [seconds, nanos, messageId, end]));
      }
      passed += messages;
    }
    return counts;
  }

  /** The sequence numbers of `limit` entries after the key, as a JSON array, and the key of the last; null where no more come. */
  seqsAfter(key: OrderKey, limit: number): { seqs: string; last: OrderKey | null } {
    const [seqs] = oneRow(
      preparedArrays<[string]>(
        this.#database,
        `SELECT json_group_array(seq) FROM (${ENTRIES} ${AFTER})`,
      ),
      this.#list,
      ...keyValues(key),
      limit,
    );
    const [last] = this.#entries(`${AFTER} OFFSET ?`, ...keyValues(key), 1, limit - 1);
    return { seqs, last: last ?? null };
  }

  #entries(sql: string, ...parameters: readonly SQLInputValue[]): Entry[] {
    return readEntries(this.#database, `${ENTRIES} ${sql}`, this.#list, ...parameters);
  }

  /** The start of the segment that the key falls into. */
  #segmentOf(key: OrderKey): KeyValues {
    const start = preparedArrays<KeyValues>(
      this.#database,
      `SELECT ${KEY_COLUMNS} ${SEGMENTS} AND ${KEY} <= (?, ?, ?) ${DESCENDING} LIMIT 1`,
    ).get(this.#list, ...keyValues(key));
    return start ?? keyValues(FIRST_KEY);
  }

  /** The start of the segment that holds the position, or of the last one, and how many messages come before it. */
  #segmentAt(rank: number): { start: KeyValues; before: number } {
    // Most readers are at the beginning, so the first segment is tried before the counts of all are fetched.
    const first = this.#number(`SELECT messages ${SEGMENTS} ${ASCENDING} LIMIT 1`, []);
    if (Number.isNaN(first) || rank < first) return { start: keyValues(FIRST_KEY), before: 0 };
    // All counts as one text: a thousand rows of one number each take several times as long.
    const [counts] = oneRow(
      preparedArrays<[string]>(
        this.#database,
        `SELECT json_group_array(messages) FROM (SELECT messages ${SEGMENTS} ${ASCENDING})`,
      ),
      this.#list,
    );
    const messages = JSON.parse(counts) as number[];
    let before = 0;
    let index = 0;
    while (index < messages.length - 1 && before + (messages[index] ?? 0) <= rank) {
      before += messages[index] ?? 0;
      index += 1;
    }
    const start = oneRow(
      preparedArrays<KeyValues>(
        this.#database,
        `SELECT ${KEY_COLUMNS} ${SEGMENTS} ${ASCENDING} LIMIT 1 OFFSET ?`,
      ),
      this.#list,
      index,
    );
    return { start, before };
  }

  /** The one number of a statement's one row; NaN without a row. */
  #number(sql: string, parameters: readonly SQLInputValue[]): number {
    const row = preparedArrays<[number]>(this.#database, sql).get(this.#list, ...parameters);
    return row?.[0] ?? Number.NaN;
  }
}
