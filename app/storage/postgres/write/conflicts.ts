// Other content of ids that are stored: each becomes an event, at most CONFLICTS_MAX of one id, however many replicas race for it.
import { CONFLICT, CONFLICTS_MAX } from '../../../model/item.ts';
import { type Storable, arrivalOf, conflictOf, deliveryOf } from '../../conflict.ts';
import { byteaArray, int4Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { eventTombstone } from '../database/tombstones.ts';
import { DeliveryKeys, type StoredDeliveries } from './deliveries.ts';
import { type Isolation, durably, lockCommitOrder } from './durable.ts';
import { BEGIN_BATCH, NUMBER_ITEMS } from './numbers.ts';
import { EVENT_ROWS, INSERT_EVENTS, type NewEvent, eventValues } from './source-rows.ts';

interface Conflict {
  readonly item: Storable;
  /** When it arrived, where that is not what it says, or now. */
  readonly createdAt: string | null;
}

/**
 * The items that the conflicts are about. One that is being removed is waited for; one that is locked here is removed together with the
 * conflicts that follow.
 */
const KEEP_MESSAGES =
  'SELECT 1 FROM messages WHERE message_id = ANY($1::bytea[]) ORDER BY message_id FOR KEY SHARE';
const KEEP_EVENTS =
  'SELECT 1 FROM events WHERE event_id = ANY($1::bytea[]) ORDER BY event_id FOR KEY SHARE';

/**
 * Under the lock of numbers: no other transaction stores conflicts, so that what is counted is all there is; at a higher isolation, one whose
 * snapshot is older fails to number its batch, and is tried again. `$13` has for each place whether the conflict is about an event.
 */
const INSERT = `${INSERT_EVENTS} FROM (
    SELECT e.*, row_number() OVER (PARTITION BY e.subject ORDER BY e.ord) AS place FROM ${EVENT_ROWS}
    WHERE CASE ($13::int4[])[e.ord + 1] WHEN 1 THEN EXISTS (SELECT FROM events s WHERE s.event_id = e.subject)
        ELSE EXISTS (SELECT FROM messages s WHERE s.message_id = e.subject) END
      AND NOT EXISTS (SELECT FROM events s WHERE s.event_id = e.event_id)
      AND NOT EXISTS (SELECT FROM tombstones t WHERE t.id_hash = ${eventTombstone('e.event_id')})
  ) e WHERE e.place + (SELECT count(*) FROM events s
    WHERE sha256(s.subject) = sha256(e.subject) AND s.subject = e.subject AND s.type = '${CONFLICT}') <= ${CONFLICTS_MAX}
  ON CONFLICT (event_id) DO NOTHING`;

/**
 * Stores the conflicts that are not stored yet. `stored`: deliveries that are stored, with their keys. Returns the last number that was given;
 * null where nothing was new. Rejects as `durably` does.
 */
export async function storeConflicts(
  session: Session,
  conflicts: readonly Conflict[],
  stored: StoredDeliveries,
  isolation: Isolation,
): Promise<number | null> {
  const deliveries = new DeliveryKeys(stored);
  const now = new Date().toISOString();
  const rows = new Map<string, NewEvent & { readonly isAboutEvent: boolean }>();
  for (const { item, createdAt } of conflicts) {
    const conflict = conflictOf(item);
    if (rows.has(conflict.event_id)) continue;
    rows.set(conflict.event_id, {
      ...conflict,
      created_at: createdAt ?? arrivalOf(item) ?? now,
      delivery: deliveries.keyOf(deliveryOf(item)),
      ord: rows.size,
      isAboutEvent: 'event_id' in item,
    });
  }
  const events = [...rows.values()];
  const subjects = (isAboutEvent: boolean): Buffer =>
    byteaArray(
      events
        .filter((event) => event.isAboutEvent === isAboutEvent)
        .map(({ subject }) => Buffer.from(subject ?? '')),
    );
  const values = eventValues(events);
  const about = int4Array(events.map(({ isAboutEvent }) => (isAboutEvent ? 1 : 0)));
  const [, , , , , , , numbered] = await durably(session, isolation, () => [
    deliveries.keep(session),
    session.run(KEEP_MESSAGES, [subjects(false)]),
    session.run(KEEP_EVENTS, [subjects(true)]),
    session.rows(BEGIN_BATCH),
    lockCommitOrder(session),
    session.run(INSERT, [...values, about]),
    deliveries.insert(session),
    session.rows<[number]>(NUMBER_ITEMS, [], 'append_number_items'),
  ]);
  return numbered[0]?.[0] ?? null;
}
