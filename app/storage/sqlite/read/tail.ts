// The tail: what the database has and the lists of the index lack. New messages, and removals that are not followed yet.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { StoreUnavailable } from '../../store.ts';
import {
  AFTER,
  BEFORE,
  type Entry,
  KEY,
  KEY_COLUMNS,
  LAST_KEY,
  keyValues,
  readEntries,
} from '../file/keys.ts';
import { TAIL_MESSAGES_MAX, TAIL_REMOVALS_MAX } from '../file/limits.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { type Removal, readRemovals } from '../index/removal.ts';
import type { IndexProgress } from '../index/state.ts';

export class Tail {
  readonly #database: DatabaseSync;
  readonly #where: string;
  readonly #parameters: readonly SQLInputValue[];
  /** The lists hold every message: there is nothing to ask for. */
  readonly #isEmpty: boolean;
  /** Removals of entries of the list, in the order of messages. */
  readonly removed: readonly Removal[];

  /** The tail of a sender's list, or of a source's, or of the list of all. Throws StoreUnavailable where it is too long. */
  constructor(
    database: DatabaseSync,
    { index, main }: IndexProgress,
    from: string | null,
    source: string | null,
  ) {
    if (
      lacksMore(database, main.lastSeq, index.listedSeq, TAIL_MESSAGES_MAX) ||
      (index.listedSeq > 0 && main.removals - index.removals > TAIL_REMOVALS_MAX)
    )
      throw new StoreUnavailable('index_behind', 'the lists are being filled');
    this.#database = database;
    this.#isEmpty = index.listedSeq === main.lastSeq;
    const filters = [
      ...(from === null ? [] : [{ sql: ' AND from_msisdn = ?', value: from }]),
      ...(source === null
        ? []
        : [{ sql: ' AND source IS ?', value: source === DEFAULT_SOURCE ? null : source }]),
    ];
    this.#where = `FROM messages WHERE seq > ?${filters.map(({ sql }) => sql).join('')}`;
    this.#parameters = [index.listedSeq, ...filters.map(({ value }) => value)];
    this.removed =
      index.listedSeq === 0 || index.removals === main.removals
        ? []
        : readRemovals(database, 'main', index.removals, TAIL_REMOVALS_MAX)
            .filter(
              (removal) =>
                removal.seq <= index.listedSeq &&
                (from === null || removal.from === from) &&
                (source === null || removal.source === source),
            )
            .toSorted(compareOrder);
  }

  /** How many messages come at the key or after it, and before `end`. */
  count(least: OrderKey, end: OrderKey): number {
    if (this.#isEmpty) return 0;
    const bounded = end === LAST_KEY ? '' : ` AND ${KEY} < (?, ?, ?)`;
    return oneRow(
      preparedArrays<[number]>(
        this.#database,
        `SELECT count(*) ${this.#where} AND ${KEY} >= (?, ?, ?)${bounded}`,
      ),
      ...this.#parameters,
      ...keyValues(least),
      ...(end === LAST_KEY ? [] : keyValues(end)),
    )[0];
  }

  /** By how much the count of each sender in the index is wrong: new messages, less removals. */
  changesBySender(): Map<string, number> {
    const changes = new Map(
      preparedArrays<[string, number]>(
        this.#database,
        `SELECT from_msisdn, count(*) ${this.#where} GROUP BY 1`,
      ).all(...this.#parameters),
    );
    for (const { from } of this.removed) changes.set(from, (changes.get(from) ?? 0) - 1);
    return changes;
  }

  /** The whole seconds of all messages, in ascending order. */
  seconds(): number[] {
    if (this.#isEmpty) return [];
    const [seconds] = oneRow(
      preparedArrays<[string]>(
        this.#database,
        `SELECT json_group_array(ts_seconds) ${this.#where}`,
      ),
      ...this.#parameters,
    );
    return (JSON.parse(seconds) as number[]).toSorted((a, b) => a - b);
  }

  /** Up to `limit` entries after the key; all of them where it is -1. */
  after(key: OrderKey, limit: number): Entry[] {
    return this.#entries(AFTER, key, limit);
  }

  /** Up to `limit` entries before the key, in descending order. */
  before(key: OrderKey, limit: number): Entry[] {
    return this.#entries(BEFORE, key, limit);
  }

  #entries(sql: string, key: OrderKey, limit: number): Entry[] {
    if (this.#isEmpty) return [];
    return readEntries(
      this.#database,
      `SELECT ${KEY_COLUMNS}, seq ${this.#where} ${sql}`,
      ...this.#parameters,
      ...keyValues(key),
      limit,
    );
  }
}

/**
 * Returns whether an index that is filled up to `endSeq` lacks more than `max` messages. Counted only where the numbers say so: a
 * restore may have continued at a number far above.
 */
export function lacksMore(
  database: DatabaseSync,
  lastSeq: number,
  endSeq: number,
  max: number,
): boolean {
  if (lastSeq - endSeq <= max) return false;
  const [lacking] = oneRow(
    preparedArrays<[number]>(
      database,
      'SELECT count(*) FROM (SELECT 1 FROM messages WHERE seq > ? LIMIT ?)',
    ),
    endSeq,
    max + 1,
  );
  return lacking > max;
}
