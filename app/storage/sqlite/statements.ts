// Prepared statements, kept for as long as their connection: preparing one costs more than most of them take.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const byConnection = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** The statement for this text on this connection. The texts are constants of the program, so their number is bounded. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  let statements = byConnection.get(database);
  if (statements === undefined) {
    statements = new Map();
    byConnection.set(database, statements);
  }
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  return statement;
}
