// Which of the replicas forwards to a destination: the one that holds its lease, by the clock of the server.
import type { Pool } from '../database/pool.ts';
import type { Session } from '../database/session.ts';
import { changeLease } from '../index/lease.ts';

/** It is renewed every second. A replica that is gone is replaced after this, and the second. */
const LEASE_SECONDS = 10;

/** The row of the lease of the destination `$1`. */
const ROW = `'forward ' || $1::text`;
const TAKE = `INSERT INTO leases AS l (name, holder, until) VALUES (${ROW}, $2::uuid, now() + interval '${LEASE_SECONDS} s')
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
  WHERE l.holder = excluded.holder OR l.until < now()`;
const GIVE_BACK = `UPDATE leases SET holder = NULL, until = '-infinity' WHERE name = ${ROW} AND holder = $2::uuid`;
const GIVE_ALL_BACK = `UPDATE leases SET holder = NULL, until = '-infinity' WHERE name LIKE 'forward %' AND holder = $1::uuid`;
const HOLD = `SELECT 1 FROM leases WHERE name = ${ROW} AND holder = $2::uuid FOR SHARE`;
/** SQL that removes the leases of the destinations `$1`. */
export const REMOVE_LEASES = `DELETE FROM leases WHERE name IN (SELECT 'forward ' || unnest($1::text[]))`;

/** Takes or renews the lease. Returns whether the holder has it. Rejects with StoreUnavailable. */
export async function takeLease(pool: Pool, name: string, holder: string): Promise<boolean> {
  return (await changeLease(pool, TAKE, [name, holder])) === 1;
}

/** Ends it, where the holder has it. Rejects with StoreUnavailable. */
export async function giveBackLease(pool: Pool, name: string, holder: string): Promise<void> {
  await changeLease(pool, GIVE_BACK, [name, holder]);
}

/** Ends all that the holder has. Rejects with StoreUnavailable. */
export async function giveBackLeases(pool: Pool, holder: string): Promise<void> {
  await changeLease(pool, GIVE_ALL_BACK, [holder]);
}

/**
 * Returns whether the holder has the lease, which nobody takes then until the transaction ends. One that has run out counts until another
 * takes it. Rejects with what the client throws.
 */
export async function holdLease(session: Session, name: string, holder: string): Promise<boolean> {
  return (await session.run(HOLD, [name, holder])) === 1;
}
