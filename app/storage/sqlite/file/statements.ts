// Prepared statements, cached per connection: preparing one takes longer than running most of them.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

type Statements = WeakMap<DatabaseSync, Map<string, StatementSync>>;
type Parameter = SQLInputValue | Record<string, SQLInputValue>;

/** A statement of `node:sqlite` whose rows are of type `Row`: the columns that the SQL beside it selects. */
interface Statement<Row> extends Pick<StatementSync, 'run'> {
  get(...parameters: readonly Parameter[]): Row | undefined;
  all(...parameters: readonly Parameter[]): Row[];
  iterate(...parameters: readonly Parameter[]): Iterable<Row>;
}

const objectStatements: Statements = new WeakMap();
const arrayStatements: Statements = new WeakMap();
const changeStatements: Statements = new WeakMap();

/** Returns the statement for this text on this connection. The texts are constants of the program, so their number is bounded. */
export function prepared<Row = Record<string, SQLOutputValue>>(
  database: DatabaseSync,
  sql: string,
): Statement<Row> {
  return typed<Row>(statementIn(objectStatements, database, sql));
}

/** Returns a statement whose rows are arrays of their columns, which costs half of what objects do. */
export function preparedArrays<Row extends readonly unknown[]>(
  database: DatabaseSync,
  sql: string,
): Statement<Row> {
  return typed<Row>(statementIn(arrayStatements, database, sql));
}

/** Returns the one row of a statement that always has one, such as a count. */
export function oneRow<Row>(statement: Statement<Row>, ...parameters: readonly Parameter[]): Row {
  const row = statement.get(...parameters);
  if (row === undefined) throw new Error('a statement returned no row where there always is one');
  return row;
}

/** The only assertion of the type of rows: `node:sqlite` does not know what a statement selects. */
function typed<Row>(statement: StatementSync): Statement<Row> {
  return statement as unknown as Statement<Row>;
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
