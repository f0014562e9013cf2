// Compares texts with a search: in SQL where that can decide, so that a text becomes a string here only where it cannot.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
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

const SOURCES = {
  numbers: 'json_each(:seqs) e CROSS JOIN messages m ON m.seq = e.value WHERE m.text IS NOT NULL',
  seq: 'messages m WHERE m.seq BETWEEN :first AND :last AND m.text IS NOT NULL',
  rowid: 'messages m WHERE m.rowid BETWEEN :first AND :last AND m.text IS NOT NULL',
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
const COMPARED = `instr(lower(text), :needle) > 0 AS found, length(text) = octet_length(text) AS ascii`;
const FILTER =
  '(ts_seconds, ts_nanos) >= (:since_s, :since_n) AND (:sender IS NULL OR m.from_msisdn = :sender)';
const WITHIN = `${KEY} > (:above_s, :above_n, :above_id) AND ${KEY} < (:below_s, :below_n, :below_id)`;

/**
 * SQL for the candidates `t` that pass the other filters. `LIMIT -1` limits nothing, but keeps SQLite from merging this into the
 * query around it, which would compute `found` and `ascii` again at each use.
 */
function compared({ kind }: Candidates): string {
  return `(SELECT ${KEY_COLUMNS}, seq, text, ${COMPARED} FROM ${SOURCES[kind]} AND ${FILTER} LIMIT -1) t`;
}

export class TextMatcher {
  readonly #database: DatabaseSync;
  readonly #needle: string;
  readonly #parameters: Record<string, SQLInputValue>;

  /** Matches `text` among the messages that fit the query's other filters. `searchedSeq`: search holds them up to this number. */
  constructor(database: DatabaseSync, searchedSeq: number, query: MessageQuery, text: string) {
    this.#database = database;
    this.#needle = foldCase(text);
    this.#parameters = {
      needle: this.#needle,
      searched: searchedSeq,
      ascii: /^[\0-\x7f]*$/.test(this.#needle) ? 1 : 0,
      since_s: query.since?.seconds ?? FIRST_KEY.seconds,
      since_n: query.since?.nanos ?? 0,
      sender: query.from,
    };
  }

  /** Returns the entries of the candidates that match. */
  entries(candidates: Candidates): Entry[] {
    const rows = preparedArrays<Row>(
      this.#database,
      `SELECT ${KEY_COLUMNS}, seq, text FROM (
         SELECT ${KEY_COLUMNS}, seq, CASE ${VERDICT} WHEN 1 THEN 1 WHEN 0 THEN NULL ELSE text END AS text
         FROM ${compared(candidates)} LIMIT -1)
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
         FROM ${compared(candidates)} LIMIT -1)`,
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
