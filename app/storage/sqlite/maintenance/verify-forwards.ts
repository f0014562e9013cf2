// Compares what is kept of destinations with their rows. The caller holds a snapshot.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../file/counters.ts';
import { oneRow, prepared, preparedArrays } from '../file/statements.ts';
import { difference } from './verify.ts';

interface Kept {
  readonly name: string;
  readonly started_after: number;
  readonly position: number;
  readonly readable: number;
  readonly retry: number;
  readonly waiting: number;
  readonly dead: number;
}

const STATES = ['retry', 'waiting', 'dead'] as const;

/** Checks destinations against their rows. Returns a sentence for each thing that is wrong. Throws what SQLite throws. */
export function verifyForwards(database: DatabaseSync): string[] {
  const lastSeq = counterReader(database)('last_seq');
  const kept = prepared<Kept>(
    database,
    `SELECT name, started_after, position, json_valid(finished) AS readable, retrying AS retry, waiting, dead FROM forwards ORDER BY name`,
  ).all();
  return [
    ...kept.flatMap((each) => verifyForward(database, each, lastSeq)),
    ...difference(
      'rows of destinations that are not there',
      oneRow(
        preparedArrays<[number]>(
          database,
          'SELECT count(*) FROM forward_items WHERE forward NOT IN (SELECT forward FROM forwards)',
        ),
      )[0],
      0,
    ),
  ];
}

function verifyForward(database: DatabaseSync, kept: Kept, lastSeq: number): string[] {
  const { name, started_after, position } = kept;
  const possible = started_after >= 0 && position >= started_after && position <= lastSeq;
  const scan = preparedArrays<[number]>(
    database,
    `SELECT count(*) FROM forward_items NOT INDEXED
     WHERE forward = (SELECT forward FROM forwards WHERE name = ?) AND state = ?`,
  );
  return [
    ...(possible
      ? []
      : [
          `the destination ${name} is at ${position}, and began after ${started_after}: the last number given is ${lastSeq}`,
        ]),
    ...(kept.readable === 1 ? [] : [`what the destination ${name} has finished cannot be read`]),
    ...STATES.flatMap((state) =>
      difference(
        `entries of the destination ${name} in the state ${state}`,
        kept[state],
        oneRow(scan, name, state)[0],
      ),
    ),
  ];
}
