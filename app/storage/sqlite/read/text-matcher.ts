// Compares messages with a query, and their texts with a search: in SQL where that can decide, so that a text becomes a string here only where it cannot.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { CODE_POINTS_FOLDED_TO_ASCII, foldCase } from '../../../model/search.ts';
import { type Entry, KEY, KEY_COLUMNS, entryOf } from '../file/keys.ts';
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

/** LIKE refuses a pattern of more than 50,000 bytes. A character of a search takes three of them at most. */
const LIKE_SEARCH_MAX = 16_384;
/** LIKE folds ASCII only, as `lower` does, and costs a third of comparing what `lower` returns. */
const LIKE = String.raw`text LIKE :needle ESCAPE '\'`;
/** For a search that LIKE cannot take: of a pattern it reads no more than what comes before U+0000, and these three characters as one. */
const INSTR = 'instr(lower(text), :needle) > 0';

/** The few code points that fold into ASCII, and the ASCII that is in what they fold into. */
const FOLDED_TO_ASCII = [...CODE_POINTS_FOLDED_TO_ASCII].map((letter) => ({
  point: letter.codePointAt(0) ?? 0,
  ascii: foldCase(letter).replaceAll(/[^\0-\x7f]/g, ''),
}));
/** Whether a text has one of them that matters for the search. */
const FOLDS_TO_ASCII = FOLDED_TO_ASCII.map(
  ({ point }) => `:folds_${point} AND instr(text, char(${point})) > 0`,
).join(' OR ');
/** Whether letters of a text may be joined when it is folded, or it has U+0000: known of the messages that search holds. */
const MAY_COMPOSE = `m.seq > :searched OR m.seq IN (SELECT seq FROM ${INDEX}.composing)`;
const NOT_ASCII = 'length(text) <> octet_length(text)';

/**
 * What SQL cannot decide about a text that it finds the search in: what is found may be the base of a letter that a mark makes
 * another one. About one that it does not find it in: all but ASCII, where the search is not ASCII or the text has a code point
 * that folds into it; and a text with U+0000, of which LIKE reads no more than what comes before. `iif`, as SQLite would evaluate
 * the right side of an AND first, which costs more here.
 */
const UNSURE_FOUND = `iif(${MAY_COMPOSE}, ${NOT_ASCII}, 0)`;
const UNSURE_NOT_FOUND = `(NOT :ascii AND ${NOT_ASCII}) OR ${FOLDS_TO_ASCII} OR iif(${MAY_COMPOSE}, instr(text, char(0)) > 0, 0)`;

const SINCE_FILTER = 'AND (ts_seconds, ts_nanos) >= (:since_s, :since_n)';
const UNTIL_FILTER = 'AND (ts_seconds, ts_nanos) < (:until_s, :until_n)';
const SENDER_FILTER = 'AND m.from_msisdn = :sender';
const SOURCE_FILTER = 'AND m.source IS :source';
const WITHIN = `${KEY} > (:above_s, :above_n, :above_id) AND ${KEY} < (:below_s, :below_n, :below_id)`;

export class TextMatcher {
  readonly #database: DatabaseSync;
  readonly #needle: string;
  /** SQL for whether the search is in the text as SQL folds it; null without a search. */
  readonly #found: string | null;
  readonly #filter: string;
  readonly #parameters: Record<string, SQLInputValue>;

  /** Matches messages that fit the query, with its text where it has one. `searchedSeq`: search holds them up to this number. */
  constructor(database: DatabaseSync, searchedSeq: number, query: MessageQuery) {
    const { text, since, until, from, source } = query;
    this.#database = database;
    this.#needle = foldCase(text ?? '');
    this.#found = text === null ? null : foundIn(this.#needle);
    this.#filter = [
      ...(text === null ? [] : ['AND m.text IS NOT NULL']),
      ...(since === null ? [] : [SINCE_FILTER]),
      ...(until === null ? [] : [UNTIL_FILTER]),
      ...(from === null ? [] : [SENDER_FILTER]),
      ...(source === null ? [] : [SOURCE_FILTER]),
    ].join(' ');
    this.#parameters = {
      ...(this.#found === null ? {} : searchParameters(this.#needle, this.#found, searchedSeq)),
      ...(since === null ? {} : { since_s: since.seconds, since_n: since.nanos }),
      ...(until === null ? {} : { until_s: until.seconds, until_n: until.nanos }),
      ...(from === null ? {} : { sender: from }),
      ...(source === null ? {} : { source: source === DEFAULT_SOURCE ? null : source }),
    };
  }

  /** SQL for `matched` of a candidate that matches, `undecided` of one that must be compared here, and NULL of any other. */
  #verdict(matched: string, undecided: string): string {
    if (this.#found === null) return matched;
    return `CASE WHEN ${this.#found} THEN iif(${UNSURE_FOUND}, ${undecided}, ${matched})
      WHEN ${UNSURE_NOT_FOUND} THEN ${undecided} END`;
  }

  /**
   * SQL that selects these columns of the candidates that pass the other filters. `LIMIT -1` limits nothing, but keeps SQLite from
   * merging this into the query around it, which would compute a verdict again at each use.
   */
  #candidates(columns: string, { kind }: Candidates): string {
    return `SELECT ${columns} FROM ${CANDIDATES[kind]} ${this.#filter} LIMIT -1`;
  }

  /** Returns the entries of the candidates that match. */
  entries(candidates: Candidates): Entry[] {
    const columns = `${KEY_COLUMNS}, seq, ${this.#verdict('1', 'text')} AS text`;
    const rows = preparedArrays<Row>(
      this.#database,
      `SELECT * FROM (${this.#candidates(columns, candidates)}) WHERE text IS NOT NULL`,
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
    const columns = `${this.#verdict(`iif(${WITHIN}, seq, 0)`, 'seq')} AS seq`;
    const [count, undecided] = oneRow(
      preparedArrays<[number, string]>(
        this.#database,
        `SELECT count(*) FILTER (WHERE seq = 0), json_group_array(seq) FILTER (WHERE seq > 0)
         FROM (${this.#candidates(columns, candidates)})`,
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

function foundIn(needle: string): string {
  return /[\0\ufffd-\uffff]/.test(needle) || needle.length > LIKE_SEARCH_MAX ? INSTR : LIKE;
}

function searchParameters(
  needle: string,
  found: string,
  searchedSeq: number,
): Record<string, SQLInputValue> {
  const folds = FOLDED_TO_ASCII.map(({ point, ascii }) => [
    `folds_${point}`,
    [...ascii].some((letter) => needle.includes(letter)) ? 1 : 0,
  ]);
  return {
    needle: found === LIKE ? `%${needle.replaceAll(/[\\%_]/g, String.raw`\$&`)}%` : needle,
    searched: searchedSeq,
    ascii: /^[\0-\x7f]*$/.test(needle) ? 1 : 0,
    ...(Object.fromEntries(folds) as Record<string, number>),
  };
}
