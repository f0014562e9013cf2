// Checks deliveries against their items. The caller holds a snapshot.
import { deliveryNumber } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';

/** How many deliveries a sentence names. */
const NAMED_MAX = 5;

/** The items of all deliveries, with their numbers. */
const ITEMS = `(SELECT o.delivery, o.source, b.first_seq + m.ord AS seq FROM origins o
    JOIN messages m USING (message_id) JOIN batches b ON b.batch = m.batch WHERE o.delivery IS NOT NULL
  UNION ALL SELECT e.delivery, e.source, b.first_seq + e.ord FROM events e JOIN batches b USING (batch) WHERE e.delivery IS NOT NULL)`;

/** What may be wrong of a delivery, and a statement for the numbers of those in which it is; of one that has none, that of an item. */
const FAULTS: readonly (readonly [what: string, sql: string])[] = [
  [
    'deliveries without a number',
    'SELECT NULL::int8 FROM deliveries d WHERE NOT EXISTS (SELECT FROM source_batches s JOIN batches b USING (batch) WHERE s.batch = d.batch)',
  ],
  [
    'deliveries without an item',
    `SELECT ${deliveryNumber('p.delivery')} FROM deliveries p WHERE NOT EXISTS (SELECT FROM ${ITEMS} i WHERE i.delivery = p.delivery)`,
  ],
  [
    'items whose delivery is missing',
    `SELECT seq FROM ${ITEMS} i WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.delivery = i.delivery)`,
  ],
  [
    'deliveries with a number above that of an item',
    `SELECT DISTINCT ${deliveryNumber('i.delivery')} FROM ${ITEMS} i WHERE i.seq < ${deliveryNumber('i.delivery')}`,
  ],
  [
    'deliveries of another source than an item',
    `SELECT DISTINCT ${deliveryNumber('i.delivery')} FROM ${ITEMS} i JOIN deliveries p USING (delivery) WHERE p.source <> i.source`,
  ],
  [
    'deliveries whose headers cannot be read',
    `SELECT ${deliveryNumber('p.delivery')} FROM deliveries p WHERE p.headers NOT LIKE '[%]'`,
  ],
];

/** Returns a sentence for each kind of damage, which names the first. Rejects with what the client throws. */
export async function verifyDeliveries(session: Session): Promise<string[]> {
  const problems: string[] = [];
  for (const [what, sql] of FAULTS) {
    const rows = await session.rows<[number | null]>(`${sql} ORDER BY 1`);
    if (rows.length === 0) continue;
    const numbers = rows.slice(0, NAMED_MAX).map(([number]) => number ?? '?');
    problems.push(`${rows.length} ${what}: ${numbers.join(', ')}`);
  }
  return problems;
}
