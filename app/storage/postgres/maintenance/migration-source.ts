// A database as the source of a migration: read beside running services, and finally without any.
import type { PostgresLocation } from '../../../model/database.ts';
import type { MigrationSource, NumberedItem } from '../../migration.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import { byteaArray } from '../database/arrays.ts';
import { sqlStateOf } from '../database/failure.ts';
import { assertSchema } from '../database/migrations.ts';
import type { Session } from '../database/session.ts';
import { Archive } from './archive.ts';
import { connect, ended, expected, isLeased } from './connection.ts';

/** Where a replica runs, another one than the last has the lease within this time. */
const UNLEASED_MS_MIN = 6_000;
/** How long it waits for an append that is being committed. */
const LOCK_MS_MAX = 2_000;
const LOCK_NOT_AVAILABLE = '55P03';

export class DatabaseSource extends Archive implements MigrationSource {
  readonly #location: PostgresLocation;
  /** Its transaction has the locks. */
  #freezer: Session | null = null;
  #unleasedSinceMs: number | null = null;

  private constructor(location: PostgresLocation, session: Session) {
    super(session);
    this.#location = location;
  }

  /** Connects to a database of this version. Rejects with Refusal. */
  static async open(location: PostgresLocation): Promise<DatabaseSource> {
    const session = await connect(location);
    try {
      await expected(() => assertSchema(session));
      return new DatabaseSource(location, session);
    } catch (error) {
      await ended(session);
      throw error;
    }
  }

  async areRemoved(items: readonly NumberedItem[]): Promise<boolean> {
    const tombstones = items.map((item) =>
      'event_id' in item ? eventTombstoneOf(item.event_id) : tombstoneOf(item.message_id),
    );
    const hashes = new Set(tombstones.map((hash) => Buffer.from(hash).toString('hex')));
    const [row] = await expected(() =>
      this.session.rows<[number]>(
        'SELECT count(*) FROM tombstones WHERE id_hash = ANY($1::bytea[])',
        [byteaArray([...hashes].map((hash) => Buffer.from(hash, 'hex')))],
      ),
    );
    return row?.[0] === hashes.size;
  }

  /** No one can append then, remove, forward, or take the lease. */
  async freeze(): Promise<boolean> {
    if (this.#freezer !== null) return await expected(() => isAlive(this.#freezer));
    const leased = await expected(() => isLeased(this.session));
    this.#unleasedSinceMs = leased ? null : (this.#unleasedSinceMs ?? performance.now());
    if (this.#unleasedSinceMs === null) return false;
    if (performance.now() - this.#unleasedSinceMs < UNLEASED_MS_MIN) return false;
    const freezer = await connect(this.#location);
    if (await expected(() => isLocked(freezer))) {
      this.#freezer = freezer;
      return true;
    }
    await ended(freezer);
    return false;
  }

  override async close(): Promise<void> {
    if (this.#freezer !== null) await ended(this.#freezer);
    await super.close();
  }
}

/** Rejects where the connection has ended, and with it its locks. */
async function isAlive(session: Session | null): Promise<true> {
  await session?.run('SELECT 1');
  return true;
}

/** Takes the locks, until the connection ends. Resolves with false where a service has them. */
async function isLocked(session: Session): Promise<boolean> {
  try {
    await session.run(
      `BEGIN; SET LOCAL lock_timeout = ${LOCK_MS_MAX}; SET LOCAL idle_in_transaction_session_timeout = 0`,
    );
    if (await isLeased(session, 'FOR UPDATE')) return false;
    await session.run('SELECT 1 FROM list_state, search_state, source_state FOR UPDATE');
    await session.run('SELECT 1 FROM forwards FOR UPDATE');
    await session.run('SELECT 1 FROM commit_order FOR UPDATE');
    return true;
  } catch (error) {
    if (sqlStateOf(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
