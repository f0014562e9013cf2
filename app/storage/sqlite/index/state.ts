// How far the index follows the database, and whether it is that database's index at all.
import type { DatabaseSync } from 'node:sqlite';
import { preparedArrays } from '../file/statements.ts';
import { IndexUnusable } from './damage.ts';

/** The watermarks of the index. */
export interface IndexState {
  /** The epoch of the database that the last batch was read in. */
  readonly epoch: string;
  /** The lists and counts hold every message up to this sequence number, but for the removed ones. */
  readonly listedSeq: number;
  /** The same for search. Never ahead of `listedSeq`. */
  readonly searchedSeq: number;
  /** Removals up to this number have been taken out of everything. */
  readonly removals: number;
  /** Senders with at least one message in the lists. */
  readonly senders: number;
}

/** The counters of the database in the same snapshot. */
interface MainState {
  readonly epoch: string;
  readonly lastSeq: number;
  /** The number of the last removal, and the number up to which their records are purged. */
  readonly removals: number;
  readonly purgedRemovals: number;
}

/** How far the index follows the database, both read in one snapshot. */
export interface IndexProgress {
  readonly index: IndexState;
  readonly main: MainState;
  /**
   * The first write of each process begins an epoch with a random name; the database keeps the last 64. An index whose epoch the
   * database does not know is another's, or was not updated for that long; one that is further than the database was when that
   * epoch ended followed a database that was replaced by an older copy of it.
   */
  readonly isIndexOfThisDatabase: boolean;
}

type Row = readonly [
  epoch: string,
  listedSeq: number,
  searchedSeq: number,
  removals: number,
  senders: number,
  mainEpoch: string,
  lastSeq: number,
  mainRemovals: number,
  purgedRemovals: number,
  isIndexOfThisDatabase: number,
];

/**
 * Reads both in one statement, the index first. `index` and `main` are the names of the two schemas in this connection.
 * Throws IndexUnusable, and what SQLite throws.
 */
export function readProgress(database: DatabaseSync, index: string, main: string): IndexProgress {
  const counter = (name: string): string =>
    `(SELECT value FROM ${main}.counters WHERE name = '${name}')`;
  // An epoch ends where the next one begins; the last one is open.
  const end = (column: string, name: string): string =>
    `coalesce((SELECT n.${column} FROM ${main}.epochs n WHERE n.number > e.number ORDER BY n.number LIMIT 1), ${counter(name)})`;
  // The first read of a schema opens its snapshot: that of the index must not be newer than that of the database.
  preparedArrays(database, `SELECT 1 FROM ${index}.state`).get();
  const row = preparedArrays<Row>(
    database,
    `SELECT s.epoch, s.listed_seq, s.searched_seq, s.removals, s.senders,
       (SELECT epoch FROM ${main}.epochs ORDER BY number DESC LIMIT 1),
       ${counter('last_seq')}, ${counter('removals')}, ${counter('removals_purged')},
       e.epoch IS NOT NULL AND s.listed_seq <= ${end('first_seq', 'last_seq')}
         AND s.removals <= ${end('first_removal', 'removals')}
     FROM ${index}.state s LEFT JOIN ${main}.epochs e ON e.epoch = s.epoch`,
  ).get();
  if (row === undefined) throw new IndexUnusable('the index has no state row', true);
  const [epoch, listedSeq, searchedSeq, removals, senders] = row;
  return {
    index: { epoch, listedSeq, searchedSeq, removals, senders },
    main: { epoch: row[5], lastSeq: row[6], removals: row[7], purgedRemovals: row[8] },
    // An empty index belongs to any database.
    isIndexOfThisDatabase: row[9] === 1 || listedSeq === 0,
  };
}
