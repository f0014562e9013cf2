// The append: one round trip and one transaction for a batch, whose numbers become visible in the order of commit.
import type { Storable } from '../../conflict.ts';
import type { AppendOutcome } from '../../store.ts';
import type { Session } from '../database/session.ts';
import { eventTombstone, messageTombstone } from '../database/tombstones.ts';
import { BATCH_COLUMNS, BATCH_ROWS, type Batch, batchOf } from './batch.ts';
import { storeConflicts } from './conflicts.ts';
import { type StoredDeliveries, storedDeliveries } from './deliveries.ts';
import { type Isolation, durably, lockCommitOrder } from './durable.ts';
import { BATCH, BEGIN_BATCH, NUMBER, NUMBER_ITEMS } from './numbers.ts';
import { EVENT_ROWS, INSERT_EVENTS, INSERT_ORIGINS } from './source-rows.ts';
import { readStored } from './stored.ts';

interface Appended {
  readonly outcomes: readonly AppendOutcome[];
  /** The last number that was given; null where nothing was new. */
  readonly lastSeq: number | null;
}

const INSERT = `INSERT INTO messages (${BATCH_COLUMNS}, batch)
  SELECT m.*, b.batch FROM (SELECT nextval('batch_ids') AS batch OFFSET 0) b CROSS JOIN ${BATCH_ROWS} AS m
  ON CONFLICT (message_id) DO NOTHING RETURNING ord`;
const INSERT_NEW_EVENTS = `${INSERT_EVENTS} FROM ${EVENT_ROWS} ON CONFLICT (event_id) DO NOTHING RETURNING ord`;
/** After the insert: an id whose removal commits in between would come back if tombstones were looked up before. */
const DELETE_REMOVED = `DELETE FROM messages m USING tombstones t
  WHERE m.batch = ${BATCH} AND t.id_hash = ${messageTombstone('m.message_id')} RETURNING m.ord`;
const DELETE_REMOVED_EVENTS = `DELETE FROM events e USING tombstones t
  WHERE e.batch = ${BATCH} AND t.id_hash = ${eventTombstone('e.event_id')} RETURNING e.ord`;

/**
 * Stores items, each exactly once, and returns what became of each; other content of an id that is stored becomes an event. `createdAt` has
 * when each arrived, where that is not what it says or now. Rejects with what the client throws, and StoreUnavailable; then it is not
 * known whether the items are stored.
 */
export async function appendItems(
  session: Session,
  items: readonly Storable[],
  isolation: Isolation,
  createdAt: readonly (string | null)[] = [],
): Promise<Appended> {
  const batch = batchOf(items, createdAt, await storedDeliveries(session, items));
  const written = await (batch.sourced === null
    ? writeMessages(session, batch, isolation)
    : writeItems(session, batch, isolation));
  const { created, gone } = written;
  const equals = await readStored(session, batch, created, gone);
  const outcomes = items.map((item, index): AppendOutcome => {
    const first = batch.first[index] ?? index;
    if (first === index && created.has(index)) return 'created';
    return equals(item, first) ? 'duplicate' : 'conflict';
  });
  if (!outcomes.includes('conflict')) return { outcomes, lastSeq: written.lastSeq };
  const conflicts = items.flatMap((item, index) =>
    outcomes[index] === 'conflict' ? [{ item, createdAt: createdAt[index] ?? null }] : [],
  );
  const lastSeq = await storeConflicts(session, conflicts, written.deliveries, isolation);
  return { outcomes, lastSeq: lastSeq ?? written.lastSeq };
}

interface Written {
  /** Indexes of the items that are new. */
  readonly created: ReadonlySet<number>;
  /** Indexes of items of which nothing is known but that they were removed. */
  readonly gone: ReadonlySet<number>;
  readonly lastSeq: number | null;
  readonly deliveries: StoredDeliveries;
}

type Places = readonly (readonly [ord: number])[];

async function writeMessages(
  session: Session,
  { messages, passed }: Batch,
  isolation: Isolation,
): Promise<Written> {
  if (messages === null)
    return { created: new Set(), gone: passed, lastSeq: null, deliveries: new Map() };
  const [inserted, removed, , numbered] = await durably(session, isolation, () => [
    session.rows<[number]>(INSERT, messages, 'append_insert'),
    session.rows<[number]>(DELETE_REMOVED, [], 'append_delete'),
    lockCommitOrder(session),
    session.rows<[number]>(NUMBER, [], 'append_number'),
  ]);
  const { created, gone } = sorted(inserted, removed);
  return { created, gone, lastSeq: numbered[0]?.[0] ?? null, deliveries: new Map() };
}

async function writeItems(
  session: Session,
  { messages, passed, sourced }: Batch,
  isolation: Isolation,
): Promise<Written> {
  if (sourced === null) throw new Error('a batch of messages of the default source alone');
  const { origins, events, deliveries } = sourced;
  const rows = async (
    text: string,
    values: Parameters<Session['rows']>[1] | null,
    name: string,
  ): Promise<Places> => (values === null ? [] : await session.rows<[number]>(text, values, name));
  const [, inserted, insertedEvents, removed, removedEvents, , keys, , numbered] = await durably(
    session,
    isolation,
    () => [
      deliveries.keep(session),
      messages === null
        ? session.rows<[number]>(BEGIN_BATCH).then((): Places => [])
        : rows(INSERT, messages, 'append_insert'),
      rows(INSERT_NEW_EVENTS, events, 'append_events'),
      rows(DELETE_REMOVED, messages && [], 'append_delete'),
      rows(DELETE_REMOVED_EVENTS, events && [], 'append_delete_events'),
      rows(INSERT_ORIGINS, origins, 'append_origins'),
      deliveries.insert(session),
      lockCommitOrder(session),
      session.rows<[number]>(NUMBER_ITEMS, [], 'append_number_items'),
    ],
  );
  const { created, gone } = sorted(
    [...inserted, ...insertedEvents],
    [...removed, ...removedEvents],
  );
  return {
    created,
    gone: new Set([...gone, ...passed]),
    lastSeq: numbered[0]?.[0] ?? null,
    deliveries: keys,
  };
}

function sorted(inserted: Places, removed: Places): { created: Set<number>; gone: Set<number> } {
  const gone = new Set(removed.map(([ord]) => ord));
  const created = new Set(inserted.map(([ord]) => ord).filter((ord) => !gone.has(ord)));
  return { created, gone };
}
