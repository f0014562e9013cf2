// A server whose commits do not wait for the disk unless asked to: what is acknowledged must outlive its death all the same.
import assert from 'node:assert/strict';
import type { Cleaner } from '../support/cleanup.ts';
import type { Stored } from '../support/message.ts';
import { message } from '../support/message.ts';
import { OWNER, postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import type { Options } from '../support/service.ts';
import { assertKept } from './kept.ts';
import { startReplica } from './replicas.ts';

/** What is not waited for reaches the disk late, so that the death of the server loses it. */
const LATE = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB', checkpoint_timeout: '1h' };
const ROUNDS = 3;

/** Rejects where a message that was answered 200 is lost, though `synchronous_commit` is off for the user and for the database. */
export async function assertSynchronous(t: Cleaner, options: Options = {}): Promise<void> {
  const server = await postgresServer(t, LATE);
  const url = await postgresDatabase(t, server);
  const { pathname } = new URL(url);
  for (const whom of [`ROLE ${OWNER}`, `DATABASE ${pathname.slice(1)}`])
    await queryOnce(server.url('postgres'), `ALTER ${whom} SET synchronous_commit = off`);
  const acknowledged = new Map<string, Stored>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const service = await startReplica(t, url, options);
    // The tables are on the disk, whatever comes.
    await queryOnce(server.url('postgres'), 'CHECKPOINT');
    for (let count = 0; count < 5; count += 1) {
      const stored = message() as unknown as Stored;
      await service.store({ ...stored });
      acknowledged.set(stored.message_id, stored);
    }
    await server.kill();
    await service.stop('SIGKILL');
    await server.start(LATE);
  }
  assert.equal((await assertKept(url, acknowledged)).length, ROUNDS * 5);
}
