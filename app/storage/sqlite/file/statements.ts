// Prepared statements, kept for as long as their connection: preparing one costs more than most of them take.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

type Statements = WeakMap<DatabaseSync, Map<string, StatementSync>>;

const givingObjects: Statements = new WeakMap();
const givingArrays: Statements = new WeakMap();
const changing: Statements = new WeakMap();

/** The statement for this text on this connection. The texts are constants of the program, so their number is bounded. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(givingObjects, database, sql);
}

/** The same, but each row is an array of its columns, which costs half of what an object does. */
export function preparedArrays(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(givingArrays, database, sql);
}

/**
 * Runs a statement that changes rows. Returns how many. With `run` of a plain statement SQLite's last rowid is read too, and the tables
 * inside of FTS5 have rowids that are no safe integers.
 */
export function change(
  database: DatabaseSync,
  sql: string,
  ...parameters: readonly SQLInputValue[]
): number {
  const statement = statementIn(changing, database, sql);
  return Number(statement.run(...parameters).changes);
}

function statementIn(kept: Statements, database: DatabaseSync, sql: string): StatementSync {
  let statements = kept.get(database);
  if (statements === undefined) {
    statements = new Map();
    kept.set(database, statements);
  }
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    if (kept === givingArrays) statement.setReturnArrays(true);
    if (kept === changing) statement.setReadBigInts(true);
    statements.set(sql, statement);
  }
  return statement;
}
