// Compares what the database counts with its rows, and deliveries with their items. The caller holds a snapshot.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../file/counters.ts';
import { oneRow, prepared, preparedArrays } from '../file/statements.ts';
import { difference } from './verify.ts';

/** How many deliveries a sentence names. */
const NAMED_MAX = 5;

/** Checks the counters of the database, and those of each source. Returns a sentence for each that is wrong. Throws what SQLite throws. */
export function verifyCounters(database: DatabaseSync): string[] {
  const counter = counterReader(database);
  const count = (sql: string): number => oneRow(preparedArrays<[number]>(database, sql))[0];
  const counted = (['messages', 'events', 'tombstones'] as const).flatMap((name) =>
    difference(name, counter(name), count(`SELECT count(*) FROM ${name} NOT INDEXED`)),
  );
  const numbered = (['messages', 'events'] as const).flatMap((name) =>
    difference(
      `${name} with a number above the last one given`,
      count(`SELECT count(*) FROM ${name} NOT INDEXED WHERE seq > ${counter('last_seq')}`),
      0,
    ),
  );
  return [
    ...counted,
    ...numbered,
    ...difference(
      'numbers that a message and an event have',
      count(
        'SELECT count(*) FROM events e WHERE EXISTS (SELECT 1 FROM messages m WHERE m.seq = e.seq)',
      ),
      0,
    ),
    ...verifySources(database),
  ];
}

interface SourceRow {
  readonly source: string;
  readonly messages: number;
  readonly events: number;
  readonly deliveries: number;
}

/** What is stored of each source, by a scan. */
const SCANNED = `SELECT source, sum(messages) AS messages, sum(events) AS events, sum(deliveries) AS deliveries FROM (
    SELECT source, count(*) AS messages, 0 AS events, 0 AS deliveries FROM messages NOT INDEXED
      WHERE source IS NOT NULL GROUP BY source
    UNION ALL SELECT source, 0, count(*), 0 FROM events NOT INDEXED GROUP BY source
    UNION ALL SELECT source, 0, 0, count(*) FROM deliveries NOT INDEXED GROUP BY source)
  GROUP BY source`;

function verifySources(database: DatabaseSync): string[] {
  const nothing = { messages: 0, events: 0, deliveries: 0 };
  const bySource = (sql: string): Map<string, SourceRow> =>
    new Map(
      prepared<SourceRow>(database, sql)
        .all()
        .map((row) => [row.source, row]),
    );
  const kept = bySource('SELECT source, messages, events, deliveries FROM sources');
  const scanned = bySource(SCANNED);
  return [...new Set([...kept.keys(), ...scanned.keys()])].flatMap((source) => {
    const [one, other] = [kept.get(source) ?? nothing, scanned.get(source) ?? nothing];
    return (['messages', 'events', 'deliveries'] as const).flatMap((rows) =>
      difference(`${rows} of the source ${source}`, one[rows], other[rows]),
    );
  });
}

/** The items of all deliveries. */
const ITEMS = `(SELECT delivery, seq, source FROM messages WHERE delivery IS NOT NULL
  UNION ALL SELECT delivery, seq, source FROM events WHERE delivery IS NOT NULL)`;

/** What may be wrong of a delivery, and a statement for the numbers of those in which it is. */
const FAULTS: readonly (readonly [what: string, sql: string])[] = [
  [
    'deliveries without an item',
    `SELECT number FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM messages WHERE delivery = d.number)
       AND NOT EXISTS (SELECT 1 FROM events WHERE delivery = d.number)`,
  ],
  [
    'deliveries that are missing, and of which there are items',
    `SELECT DISTINCT delivery FROM ${ITEMS} i WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.number = i.delivery)`,
  ],
  [
    'deliveries with a number above that of an item',
    `SELECT delivery FROM ${ITEMS} GROUP BY delivery HAVING min(seq) < delivery`,
  ],
  [
    'deliveries of another source than an item',
    `SELECT DISTINCT d.number FROM ${ITEMS} i JOIN deliveries d ON d.number = i.delivery WHERE d.source IS NOT i.source`,
  ],
  [
    'deliveries whose headers cannot be read',
    'SELECT number FROM deliveries WHERE NOT json_valid(headers)',
  ],
];

/** Checks deliveries against their items. Returns a sentence for each kind of damage, which names the first. Throws what SQLite throws. */
export function verifyDeliveries(database: DatabaseSync): string[] {
  return FAULTS.flatMap(([what, sql]) => {
    const numbers = preparedArrays<[number]>(database, `${sql} ORDER BY 1`).all();
    if (numbers.length === 0) return [];
    return [`${numbers.length} ${what}: ${numbers.slice(0, NAMED_MAX).join(', ')}`];
  });
}
