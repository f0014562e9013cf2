// SQL for the entries of one list, or of several as one: the list of all messages is made of those of the sources.
import type { SQLInputValue } from 'node:sqlite';
import { KEY_COLUMNS } from '../file/keys.ts';

/** SQLite refuses a compound of more than 500, and merges them pairwise: more lists than this are sorted instead. */
const MERGED_LISTS_MAX = 64;

/**
 * Returns a SELECT of `KEY_COLUMNS, seq` of the lists, to be ended by ORDER BY and LIMIT: SQLite merges what each list has in that order.
 * `condition` begins with AND, and `values` are its parameters; `table` is the name of the entries in the connection.
 */
export function entriesOf(
  table: string,
  lists: readonly number[],
  condition: string,
  values: readonly SQLInputValue[],
): { readonly sql: string; readonly parameters: readonly SQLInputValue[] } {
  const select = `SELECT ${KEY_COLUMNS}, seq FROM ${table} WHERE list`;
  if (lists.length > MERGED_LISTS_MAX) {
    const sql = `${select} IN (SELECT value FROM json_each(?)) ${condition}`;
    return { sql, parameters: [JSON.stringify(lists), ...values] };
  }
  return {
    sql: lists.map(() => `${select} = ? ${condition}`).join(' UNION ALL '),
    parameters: lists.flatMap((list) => [list, ...values]),
  };
}
