// Looks at the texts of candidates: in SQL wherever it can tell, so that a text becomes a string here only where it cannot.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { foldCase } from '../../../model/search.ts';
import { type Entry, FIRST_KEY, entryOf } from '../read/ordered-list.ts';
import { preparedArrays } from '../file/statements.ts';

/** Which messages are looked at: those with these numbers, or a stretch of numbers, or of rows in the order of the file. */
export type Candidates =
  | { readonly kind: 'numbers'; readonly seqs: readonly number[] }
  | { readonly kind: 'seq' | 'rowid'; readonly first: number; readonly last: number };

/** A stretch of the ordered list, without its ends. */
export interface Stretch {
  readonly above: OrderKey;
  readonly below: OrderKey;
}

const SOURCES = {
  numbers: 'json_each(:numbers) e CROSS JOIN messages m ON m.seq = e.value WHERE true',
  seq: 'messages m WHERE m.seq BETWEEN :first AND :last',
  rowid: 'messages m WHERE m.rowid BETWEEN :first AND :last',
};

/**
 * What SQL can tell of a text. `lower` folds ASCII only: what it finds is there, as folding twice is folding once. What
 * it does not find in a text of ASCII alone is not there. A search in ASCII is also not there in any other text, but
 * for two letters outside of ASCII that fold into it: the Kelvin sign to k, and I with a dot to i and a dot.
 */
const FOUND = 'instr(lower(m.text), :needle) > 0';
const UNSURE = `CASE WHEN :ascii THEN (:k AND instr(m.text, char(0x212A)) > 0) OR (:i AND instr(m.text, char(0x130)) > 0)
  ELSE length(m.text) <> octet_length(m.text) END`;
const FILTER =
  '(ts_seconds, ts_nanos) >= (:since_s, :since_n) AND (:sender IS NULL OR m.from_msisdn = :sender)';
const WITHIN = `(ts_seconds, ts_nanos, m.message_id) > (:above_s, :above_n, :above_id)
  AND (ts_seconds, ts_nanos, m.message_id) < (:below_s, :below_n, :below_id)`;

export class Look {
  readonly #database: DatabaseSync;
  readonly #needle: string;
  readonly #parameters: Record<string, SQLInputValue>;

  /** Looks for `text` among the messages that fit the query's other filters. */
  constructor(database: DatabaseSync, query: MessageQuery, text: string) {
    this.#database = database;
    this.#needle = foldCase(text);
    this.#parameters = {
      needle: this.#needle,
      ascii: /^[\0-\x7f]*$/.test(this.#needle) ? 1 : 0,
      k: this.#needle.includes('k') ? 1 : 0,
      i: this.#needle.includes('i') ? 1 : 0,
      since_s: query.since?.seconds ?? FIRST_KEY.seconds,
      since_n: query.since?.nanos ?? 0,
      sender: query.from,
    };
  }

  /** The entries of the candidates that match. */
  entries(candidates: Candidates): Entry[] {
    const rows = preparedArrays(
      this.#database,
      `SELECT ts_seconds, ts_nanos, message_id, seq, text FROM (
         SELECT ts_seconds, ts_nanos, m.message_id, m.seq,
           CASE WHEN ${FOUND} THEN 1 WHEN ${UNSURE} THEN m.text END AS text
         FROM ${SOURCES[candidates.kind]} AND ${FILTER} LIMIT -1)
       WHERE text IS NOT NULL`,
    ).all({ ...this.#parameters, ...sourceOf(candidates) }) as unknown as Row[];
    return rows
      .filter(([, , , , text]) => text === 1 || foldCase(text).includes(this.#needle))
      .map(([seconds, nanos, messageId, seq]) => entryOf([seconds, nanos, messageId, seq]));
  }

  /**
   * How many candidates match outside of the stretch; and the numbers of those that match inside of it, or of which
   * SQL cannot tell: they are to be looked at by `entries`.
   */
  outside(candidates: Candidates, { above, below }: Stretch): { count: number; rest: number[] } {
    const [count, rest] = preparedArrays(
      this.#database,
      `SELECT count(*) FILTER (WHERE seq = 0), json_group_array(seq) FILTER (WHERE seq > 0) FROM (
         SELECT CASE WHEN ${FOUND} THEN iif(${WITHIN}, m.seq, 0) WHEN ${UNSURE} THEN m.seq END AS seq
         FROM ${SOURCES[candidates.kind]} AND ${FILTER} LIMIT -1)`,
    ).get({
      ...this.#parameters,
      ...sourceOf(candidates),
      above_s: above.seconds,
      above_n: above.nanos,
      above_id: above.messageId,
      below_s: below.seconds,
      below_n: below.nanos,
      below_id: below.messageId,
    }) as unknown as [number, string];
    return { count, rest: JSON.parse(rest) as number[] };
  }
}

/** `text` is 1 where the search was found in it already. */
type Row = readonly [
  seconds: number,
  nanos: number,
  messageId: string,
  seq: number,
  text: string | 1,
];

function sourceOf(candidates: Candidates): Record<string, SQLInputValue> {
  if (candidates.kind === 'numbers') return { numbers: JSON.stringify(candidates.seqs) };
  return { first: candidates.first, last: candidates.last };
}
