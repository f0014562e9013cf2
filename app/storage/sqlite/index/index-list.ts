// One ordered list of the index: any position in it is a short walk from the start of a counted segment.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import {
  AFTER_KEY,
  ASCENDING,
  BEFORE_KEY,
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
import { entriesOf } from './entries.ts';
import { INDEX, KIND } from './schema.ts';

const ENTRIES = `${INDEX}.entries`;
const SEGMENTS = `FROM ${INDEX}.segments WHERE list = ?`;

/** The rest of the key, for entries of one second. */
const WITHIN_SECOND = '(ts_nanos, message_id)';

/** A list without any entry has this number. */
const NO_LIST = -1;

export class IndexList {
  readonly #database: DatabaseSync;
  /** The list that has the count and the segments. */
  readonly #list: number;
  /** The lists that have the entries: itself, or of the list of all those of the sources. */
  readonly #parts: readonly number[];
  /** How many entries there are. */
  readonly count: number;

  /**
   * The list of a sender's messages, or of a source's, or of all where both are null; not both are given. To be used inside one
   * snapshot.
   */
  constructor(database: DatabaseSync, from: string | null, source: string | null = null) {
    const rows =
      from === null && source === null
        ? listsOfAll(database)
        : listNamed(database, from === null ? KIND.source : KIND.sender, from ?? source ?? '');
    const [first] = rows;
    const parts = first?.[2] === KIND.all ? rows.slice(1) : rows;
    this.#database = database;
    this.#list = first?.[0] ?? NO_LIST;
    this.#parts = parts.length === 0 ? [NO_LIST] : parts.map(([list]) => list);
    this.count = first?.[1] ?? 0;
  }

  /** How many entries come before the key. */
  rank(key: OrderKey): number {
    const start = this.#segmentOf(key);
    return this.#segmentsBefore(start) + this.#entriesBetween(start, keyValues(key));
  }

  /** Up to `limit` entries from the position `rank` on, counted from 0. */
  at(rank: number, limit: number): Entry[] {
    const { start, before } = this.#segmentAt(rank);
    return this.#entries(
      `AND ${KEY} >= (?, ?, ?)`,
      start,
      `${ASCENDING} LIMIT ? OFFSET ?`,
      limit,
      rank - before,
    );
  }

  /** Up to `limit` entries after the key. */
  after(key: OrderKey, limit: number): Entry[] {
    return this.#entries(AFTER_KEY, keyValues(key), `${ASCENDING} LIMIT ?`, limit);
  }

  /** Up to `limit` entries before the key, in descending order. */
  before(key: OrderKey, limit: number): Entry[] {
    return this.#entries(BEFORE_KEY, keyValues(key), `${DESCENDING} LIMIT ?`, limit);
  }

  /** How many entries come before each of the instants, which are whole seconds in ascending order. One walk over the segments. */
  countsBefore(ends: readonly number[]): number[] {
    const segments = preparedArrays<[...KeyValues, number]>(
      this.#database,
      `SELECT ${KEY_COLUMNS}, messages ${SEGMENTS} ${ASCENDING}`,
    ).all(this.#list);
    if (segments.length === 0) segments.push([...keyValues(FIRST_KEY), this.count]);
    const counts: number[] = [];
    let passed = 0;
    for (const [index, [seconds, nanos, messageId, messages]] of segments.entries()) {
      const nextStart = segments[index + 1]?.[0] ?? Infinity;
      // No message has an empty id, so a segment that begins in the second of an end begins after it.
      while (counts.length < ends.length && (ends[counts.length] ?? 0) <= nextStart) {
        const end = ends[counts.length] ?? 0;
        const within = this.#entriesBetween([seconds, nanos, messageId], [end, 0, '']);
        counts.push(passed + within);
      }
      passed += messages;
    }
    return counts;
  }

  /** The sequence numbers of `limit` entries after the key, as a JSON array, and the key of the last; null where no more come. */
  seqsAfter(key: OrderKey, limit: number): { seqs: string; last: OrderKey | null } {
    const entries = entriesOf(ENTRIES, this.#parts, AFTER_KEY, keyValues(key));
    const [seqs] = oneRow(
      preparedArrays<[string]>(
        this.#database,
        `SELECT json_group_array(seq) FROM (${entries.sql} ${ASCENDING} LIMIT ?)`,
      ),
      ...entries.parameters,
      limit,
    );
    const [last] = this.#entries(
      AFTER_KEY,
      keyValues(key),
      `${ASCENDING} LIMIT 1 OFFSET ?`,
      limit - 1,
    );
    return { seqs, last: last ?? null };
  }

  /** `order` ends the statement; `parameters` are those of it. */
  #entries(
    condition: string,
    values: readonly SQLInputValue[],
    order: string,
    ...parameters: readonly SQLInputValue[]
  ): Entry[] {
    const entries = entriesOf(ENTRIES, this.#parts, condition, values);
    const sql = `${entries.sql} ${order}`;
    return readEntries(this.#database, sql, ...entries.parameters, ...parameters);
  }

  /** How many entries come at a key or after it, and before another. */
  #entriesBetween(from: KeyValues, below: KeyValues): number {
    const [first, last] = [from[0], below[0]];
    if (first >= last)
      return this.#entriesWithin(`${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?)`, [...from, ...below]);
    // SQLite compares a row value again with each row that it counts, which takes as long as counting it; a number it does not.
    return (
      this.#entriesWithin(`ts_seconds = ? AND ${WITHIN_SECOND} >= (?, ?)`, from) +
      this.#entriesWithin('ts_seconds > ? AND ts_seconds < ?', [first, last]) +
      this.#entriesWithin(`ts_seconds = ? AND ${WITHIN_SECOND} < (?, ?)`, below)
    );
  }

  #entriesWithin(condition: string, values: readonly SQLInputValue[]): number {
    const lists = this.#parts.map(() => '?').join();
    return oneRow(
      preparedArrays<[number]>(
        this.#database,
        `SELECT count(*) FROM ${ENTRIES} WHERE list IN (${lists}) AND ${condition}`,
      ),
      ...this.#parts,
      ...values,
    )[0];
  }

  /** How many entries the segments before one count, by its start. */
  #segmentsBefore(start: KeyValues): number {
    const sum = (condition: string, values: readonly SQLInputValue[]): number =>
      oneRow(
        preparedArrays<[number]>(
          this.#database,
          `SELECT coalesce(sum(messages), 0) ${SEGMENTS} AND ${condition}`,
        ),
        this.#list,
        ...values,
      )[0];
    return (
      sum('ts_seconds < ?', [start[0]]) + sum(`ts_seconds = ? AND ${WITHIN_SECOND} < (?, ?)`, start)
    );
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
    const backwards = rank >= this.count / 2;
    const order = backwards ? DESCENDING : ASCENDING;
    // Counts come as one text: a thousand rows of one number each take several times as long.
    const select = preparedArrays<[string]>(
      this.#database,
      `SELECT json_group_array(messages) FROM (SELECT messages ${SEGMENTS} ${order} LIMIT ? OFFSET ?)`,
    );
    let passed = 0;
    let index = 0;
    // Most readers are near an end of the list, so the first counts to be fetched are few.
    for (let limit = 1; ; limit *= 8) {
      const counts = JSON.parse(oneRow(select, this.#list, limit, index)[0]) as number[];
      for (const messages of counts) {
        const before = backwards ? this.count - passed - messages : passed;
        if (backwards ? before <= rank : passed + messages > rank)
          return { start: this.#segmentStart(order, index), before };
        passed += messages;
        index += 1;
      }
      if (counts.length < limit) return { start: keyValues(FIRST_KEY), before: 0 };
    }
  }

  /** The start of the segment number `index`, counted from 0 in this order. */
  #segmentStart(order: string, index: number): KeyValues {
    return oneRow(
      preparedArrays<KeyValues>(
        this.#database,
        `SELECT ${KEY_COLUMNS} ${SEGMENTS} ${order} LIMIT 1 OFFSET ?`,
      ),
      this.#list,
      index,
    );
  }
}

type ListRow = [list: number, messages: number, kind: number];

/** The list of all, where it has a row, and the lists of the sources. */
function listsOfAll(database: DatabaseSync): ListRow[] {
  return preparedArrays<ListRow>(
    database,
    `SELECT list, messages, kind FROM ${INDEX}.lists WHERE kind <= ${KIND.source} ORDER BY kind, name`,
  ).all();
}

function listNamed(database: DatabaseSync, kind: number, name: string): ListRow[] {
  return preparedArrays<ListRow>(
    database,
    `SELECT list, messages, kind FROM ${INDEX}.lists WHERE kind = ? AND name = ?`,
  ).all(kind, name);
}
