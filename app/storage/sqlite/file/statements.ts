// Prepared statements, cached per connection: preparing one takes longer than running most of them.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

type Statements = WeakMap<DatabaseSync, Map<string, StatementSync>>;

const objectStatements: Statements = new WeakMap();
const arrayStatements: Statements = new WeakMap();
const changeStatements: Statements = new WeakMap();

/** Returns the statement for this text on this connection. The texts are constants of the program, so their number is bounded. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(objectStatements, database, sql);
}

/** Returns a statement whose rows are arrays of their columns, which costs half of what objects do. */
export function preparedArrays(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(arrayStatements, database, sql);
}

/**
 * Runs a statement that changes rows. Returns how many. With `run` of a plain statement SQLite's last rowid is read too, and the tables
 * inside of FTS5 have rowids that are not safe integers.
 */
export function change(
  database: DatabaseSync,
  sql: string,
  ...parameters: readonly SQLInputValue[]
): number {
  const statement = statementIn(changeStatements, database, sql);
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
    if (kept === arrayStatements) statement.setReturnArrays(true);
    if (kept === changeStatements) statement.setReadBigInts(true);
    statements.set(sql, statement);
  }
  return statement;
}
