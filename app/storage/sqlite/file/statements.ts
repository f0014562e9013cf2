// Prepared statements, kept for as long as their connection: preparing one costs more than most of them take.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

type Statements = WeakMap<DatabaseSync, Map<string, StatementSync>>;

const givingObjects: Statements = new WeakMap();
const givingArrays: Statements = new WeakMap();

/** The statement for this text on this connection. The texts are constants of the program, so their number is bounded. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(givingObjects, database, sql);
}

/** The same, but each row is an array of its columns, which costs half of what an object does. */
export function preparedArrays(database: DatabaseSync, sql: string): StatementSync {
  return statementIn(givingArrays, database, sql);
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
    statements.set(sql, statement);
  }
  return statement;
}
