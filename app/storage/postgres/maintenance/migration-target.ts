// An empty database as the target of a migration: no service takes it for one of Oncebox before the end.
import type { PostgresLocation } from '../../../model/database.ts';
import { AdminError } from '../../admin.ts';
import type {
  MigratedForward,
  MigrationTarget,
  NumberedDelivery,
  NumberedEvent,
  NumberedItem,
  NumberedMessage,
} from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { byteaArray, int8Array } from '../database/arrays.ts';
import { LAST_KEY } from '../database/keys.ts';
import { isUnfinished, markUnfinished, migrate } from '../database/migrations.ts';
import type { Session } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { removeItems } from '../index/removal.ts';
import {
  RELINK_EVENTS,
  RELINK_MESSAGES,
  migratedKey,
  storeBatch,
  storeDeliveries,
} from './numbered-rows.ts';
import { Archive } from './archive.ts';
import { assertUnused, connect, ended, expected } from './connection.ts';
import { insertUnfinished, replaceForwards } from './migrated-forwards.ts';

/** A batch has as many items as those of a busy service, and few numbers that no message has. */
const BATCH_ITEMS = 512;
const BATCH_NUMBERS = 65_536;

const LAST = 'SELECT first_seq + width - 1, total FROM batches ORDER BY first_seq DESC LIMIT 1';
/** A number that no item has. */
const SKIP = `INSERT INTO batches (first_seq, width, created, total, batch) VALUES ($1::int8, 1, 0, $2::int8, nextval('batch_ids'))`;

export class DatabaseTarget extends Archive implements MigrationTarget {
  /** The last number and the count of messages so far. */
  #last: readonly [seq: number, total: number];

  private constructor(session: Session, last: readonly [seq: number, total: number]) {
    super(session);
    this.#last = last;
  }

  /** Connects to an empty database, or to one that was left unfinished. Rejects with AdminError and Refusal. */
  static async open(location: PostgresLocation): Promise<DatabaseTarget> {
    const session = await connect(location);
    try {
      return await expected(async () => {
        if (!(await isUnfinished(session))) await begin(session);
        return new DatabaseTarget(session, await lastOf(session));
      });
    } catch (error) {
      await ended(session);
      throw error;
    }
  }

  async store(items: readonly NumberedItem[]): Promise<void> {
    await this.#transaction(async ([, total]) => {
      // The last commit syncs what all commits before it wrote; what is lost before that is copied again.
      await this.session.run('SET LOCAL synchronous_commit = off');
      let stored = total;
      for (const batch of batchesOf(items)) stored = await storeBatch(this.session, batch, stored);
    });
  }

  async storeDeliveries(deliveries: readonly NumberedDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#transaction(async () => {
      await this.session.run('SET LOCAL synchronous_commit = off');
      await storeDeliveries(this.session, deliveries);
    });
  }

  async relink(items: readonly NumberedItem[]): Promise<void> {
    const keys = (all: readonly NumberedItem[], idOf: (item: never) => string): Buffer[] => [
      byteaArray(all.map((item) => Buffer.from(idOf(item as never)))),
      int8Array(all.map(({ delivery }) => migratedKey(delivery))),
    ];
    await expected(async () => {
      await this.session.run(
        RELINK_MESSAGES,
        keys(items.filter(isMessage), ({ message_id }: NumberedMessage) => message_id),
      );
      await this.session.run(
        RELINK_EVENTS,
        keys(items.filter(isEvent), ({ event_id }: NumberedEvent) => event_id),
      );
    });
  }

  async removeDeliveries(numbers: readonly number[]): Promise<void> {
    await expected(() =>
      this.session.run('DELETE FROM deliveries WHERE delivery = ANY($1::int8[])', [
        int8Array(numbers.map(migratedKey)),
      ]),
    );
  }

  async addTombstones(tombstones: readonly Uint8Array[]): Promise<void> {
    await expected(() =>
      this.session.run('INSERT INTO tombstones SELECT unnest($1::bytea[]) ON CONFLICT DO NOTHING', [
        byteaArray(tombstones),
      ]),
    );
  }

  async remove(items: readonly NumberedItem[]): Promise<void> {
    const removal = {
      messages: items.filter(isMessage).map(({ message_id }) => Buffer.from(message_id)),
      events: items.filter(isEvent).map(({ event_id }) => Buffer.from(event_id)),
      beforeSeconds: LAST_KEY.seconds,
    };
    await expected(() =>
      inTransaction(this.session, () => removeItems(this.session, removal), 'READ COMMITTED'),
    );
  }

  async storeForwards(forwards: readonly MigratedForward[]): Promise<void> {
    await this.#transaction(() => replaceForwards(this.session, forwards));
  }

  async storeUnfinished(forward: MigratedForward, rows: readonly Unfinished[]): Promise<void> {
    await this.#transaction(() => insertUnfinished(this.session, forward, rows));
  }

  async finish(lastSeq: number): Promise<void> {
    await this.#transaction(async ([last, total]) => {
      // What was stored before is durable with this commit.
      await this.session.run('SET LOCAL synchronous_commit = on');
      if (lastSeq > last) await this.session.run(SKIP, [lastSeq, total]);
      await markUnfinished(this.session, false);
    });
    await expected(() =>
      this.session.run(
        'ANALYZE messages, origins, events, deliveries, batches, source_batches, tombstones, forward_items',
      ),
    );
  }

  /** Runs `work` where nobody else has written since the last one. */
  async #transaction(work: (last: readonly [number, number]) => Promise<void>): Promise<void> {
    this.#last = await expected(() =>
      inTransaction(
        this.session,
        async () => {
          await this.session.run('SELECT 1 FROM commit_order FOR UPDATE');
          const last = await lastOf(this.session);
          if (last[0] !== this.#last[0])
            throw new AdminError('in_use', 'another migration writes to the target');
          await work(last);
          return await lastOf(this.session);
        },
        'READ COMMITTED',
      ),
    );
  }
}

/** Creates the tables, and hides them from services. Rejects with AdminError where the database is not empty, or in use. */
async function begin(session: Session): Promise<void> {
  await migrate(session);
  const work = async (): Promise<void> => {
    await assertUnused(session);
    const [row] = await session.rows<[boolean]>(
      'SELECT EXISTS (SELECT FROM batches) OR EXISTS (SELECT FROM messages) OR EXISTS (SELECT FROM events) OR EXISTS (SELECT FROM tombstones)',
    );
    if (row?.[0] !== false)
      throw new AdminError('name_taken', 'the target has messages already: name an empty database');
    await markUnfinished(session, true);
  };
  await inTransaction(session, work, 'READ COMMITTED');
}

async function lastOf(session: Session): Promise<readonly [seq: number, total: number]> {
  const [row] = await session.rows<[number, number]>(LAST);
  return row ?? [0, 0];
}

function isEvent(item: NumberedItem): item is NumberedEvent {
  return 'event_id' in item;
}

function isMessage(item: NumberedItem): item is NumberedMessage {
  return !isEvent(item);
}

function batchesOf(items: readonly NumberedItem[]): NumberedItem[][] {
  const batches: NumberedItem[][] = [];
  for (const item of items) {
    const batch = batches.at(-1);
    const first = batch?.[0];
    if (
      batch === undefined ||
      first === undefined ||
      batch.length === BATCH_ITEMS ||
      item.seq - first.seq >= BATCH_NUMBERS
    )
      batches.push([item]);
    else batch.push(item);
  }
  return batches;
}
