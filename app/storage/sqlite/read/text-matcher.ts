// Compares messages with a query, and their texts with a search: in SQL where that can decide, so that a text becomes a string here only where it cannot.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { CODE_POINTS_FOLDED_TO_ASCII, foldCase } from '../../../model/search.ts';
import { type Entry, FIRST_KEY, KEY, KEY_COLUMNS, entryOf } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import { INDEX } from '../index/schema.ts';

/** Messages to compare: those with these numbers, as a JSON array, or a range of numbers, or of rows in the order of the file. */
export type Candidates =
  | { readonly kind: 'numbers'; readonly seqs: string }
  | { readonly kind: 'seq' | 'rowid'; readonly first: number; readonly last: number };

/** A part of the ordered list, without its ends. */
export interface KeyRange {
  readonly above: OrderKey;
  readonly below: OrderKey;
}

const CANDIDATES = {
  numbers: 'json_each(:seqs) e CROSS JOIN messages m ON m.seq = e.value WHERE true',
  seq: 'messages m WHERE m.seq BETWEEN :first AND :last',
  rowid: 'messages m WHERE m.rowid BETWEEN :first AND :last',
};

/** Whether a text has one of the few code points that fold into ASCII. */
const FOLDS_TO_ASCII = [...CODE_POINTS_FOLDED_TO_ASCII]
  .map((point) => `instr(text, char(${point.codePointAt(0)})) > 0`)
  .join(' OR ');
/** Whether letters of a text may be joined when it is folded: known of the messages that search holds. */
const MAY_COMPOSE = `t.seq > :searched OR EXISTS (SELECT 1 FROM ${INDEX}.composing c WHERE c.seq = t.seq)`;

/**
 * What SQL can decide about a text: 1 it matches, 0 it does not, NULL it must be folded here. `lower` folds ASCII only, so what it does not
 * find decides for a text of ASCII alone; and for a search in ASCII, unless the text has a code point that folds into ASCII. What it
 * finds may be the base of a letter that a mark makes another one, but not in a text without marks.
 */
const VERDICT = `CASE
  WHEN found AND (ascii OR NOT (${MAY_COMPOSE})) THEN 1
  WHEN NOT found AND (ascii OR (:ascii AND NOT (${FOLDS_TO_ASCII}))) THEN 0
  END`;
/** `found`: whether the search is in the text as SQL folds it; `ascii`: whether that is all there is to know. */
const COMPARED =
  'instr(lower(text), :needle) > 0 AS found, length(text) = octet_length(text) AS ascii';
/** Without a search every text, and none, is as it should be. */
const NOT_COMPARED = '1 AS found, 1 AS ascii';
const FILTER =
  '(ts_seconds, ts_nanos) >= (:since_s, :since_n) AND (:sender IS NULL OR m.from_msisdn = :sender)';
/** The filters that few queries have are left out of the others. */
const UNTIL_FILTER = 'AND (ts_seconds, ts_nanos) < (:until_s, :until_n)';
const SOURCE_FILTER = 'AND m.source IS :source';
const WITHIN = `${KEY} > (:above_s, :above_n, :above_id) AND ${KEY} < (:below_s, :below_n, :below_id)`;

export class TextMatcher {
  readonly #database: DatabaseSync;
  readonly #needle: string;
  readonly #columns: string;
  readonly #filter: string;
  readonly #parameters: Record<string, SQLInputValue>;

  /** Matches messages that fit the query, with its text where it has one. `searchedSeq`: search holds them up to this number. */
  constructor(database: DatabaseSync, searchedSeq: number, query: MessageQuery) {
    const { text, since, until, from, source } = query;
    this.#database = database;
    this.#needle = foldCase(text ?? '');
    this.#columns = text === null ? NOT_COMPARED : COMPARED;
    this.#filter = [
      text === null ? 'AND' : 'AND m.text IS NOT NULL AND',
      FILTER,
      ...(until === null ? [] : [UNTIL_FILTER]),
      ...(source === null ? [] : [SOURCE_FILTER]),
    ].join(' ');
    this.#parameters = {
      since_s: since?.seconds ?? FIRST_KEY.seconds,
      since_n: since?.nanos ?? 0,
      sender: from,
      searched: searchedSeq,
      ascii: /^[\0-\x7f]*$/.test(this.#needle) ? 1 : 0,
      ...(text === null ? {} : { needle: this.#needle }),
      ...(until === null ? {} : { until_s: until.seconds, until_n: until.nanos }),
      ...(source === null ? {} : { source: source === DEFAULT_SOURCE ? null : source }),
    };
  }

  /**
   * SQL for the candidates `t` that pass the other filters. `LIMIT -1` limits nothing, but keeps SQLite from merging this into the
   * query around it, which would compute `found` and `ascii` again at each use.
   */
  #compared({ kind }: Candidates): string {
    return `(SELECT ${KEY_COLUMNS}, seq, text, ${this.#columns} FROM ${CANDIDATES[kind]} ${this.#filter} LIMIT -1) t`;
  }

  /** Returns the entries of the candidates that match. */
  entries(candidates: Candidates): Entry[] {
    const rows = preparedArrays<Row>(
      this.#database,
      `SELECT ${KEY_COLUMNS}, seq, text FROM (
         SELECT ${KEY_COLUMNS}, seq, CASE ${VERDICT} WHEN 1 THEN 1 WHEN 0 THEN NULL ELSE text END AS text
         FROM ${this.#compared(candidates)} LIMIT -1)
       WHERE text IS NOT NULL`,
    ).all({ ...this.#parameters, ...sourceOf(candidates) });
    return rows
      .filter(([, , , , text]) => text === 1 || foldCase(text).includes(this.#needle))
      .map(([seconds, nanos, messageId, seq]) => entryOf([seconds, nanos, messageId, seq]));
  }

  /**
   * Returns how many candidates match outside of the range; and the numbers of those that match inside of it, or of which
   * SQL cannot decide, as a JSON array: they are to be compared by `entries`.
   */
  countOutside(
    candidates: Candidates,
    { above, below }: KeyRange,
  ): { count: number; undecided: string } {
    const [count, undecided] = oneRow(
      preparedArrays<[number, string]>(
        this.#database,
        `SELECT count(*) FILTER (WHERE seq = 0), json_group_array(seq) FILTER (WHERE seq > 0) FROM (
         SELECT CASE ${VERDICT} WHEN 1 THEN iif(${WITHIN}, seq, 0) WHEN 0 THEN NULL ELSE seq END AS seq
         FROM ${this.#compared(candidates)} LIMIT -1)`,
      ),
      {
        ...this.#parameters,
        ...sourceOf(candidates),
        above_s: above.seconds,
        above_n: above.nanos,
        above_id: above.messageId,
        below_s: below.seconds,
        below_n: below.nanos,
        below_id: below.messageId,
      },
    );
    return { count, undecided };
  }
}

/** `text` is 1 where SQL found the search in it. */
type Row = readonly [
  seconds: number,
  nanos: number,
  messageId: string,
  seq: number,
  text: string | 1,
];

function sourceOf(candidates: Candidates): Record<string, SQLInputValue> {
  if (candidates.kind === 'numbers') return { seqs: candidates.seqs };
  return { first: candidates.first, last: candidates.last };
}
