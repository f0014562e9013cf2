// A test of these tests: a service with a bug put into its engine on purpose must not get past them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutant } from '../faults/mutant.ts';
import { assertSynchronous } from './asynchronous.ts';
import { assertCommitOrder } from './commit-order.ts';
import { assertNotTrapped } from './replication-trap.ts';

const NUMBERS = 'storage/postgres/write/numbers.ts';
const DURABLE = 'storage/postgres/write/durable.ts';

describe('an engine with a bug is caught:', () => {
  it('numbers taken before the commit lock, by a batch that waits for another', async (t) => {
    const main = mutant(
      t,
      NUMBERS,
      'SELECT coalesce(l.first_seq + l.width, 1), m.width,',
      'SELECT ${BATCH} * 1000, m.width,',
    );
    await assert.rejects(assertCommitOrder(t, { main }), /'held',|at place|messages on the stream/);
  });

  it('no lock where nothing is inserted, by the trap of synchronous replication', async (t) => {
    const main = mutant(
      t,
      DURABLE,
      `const LOCK = 'SELECT 1 FROM commit_order FOR UPDATE';`,
      "const LOCK = `SELECT 1 FROM commit_order WHERE EXISTS (SELECT 1 FROM messages WHERE batch = currval('batch_ids')) FOR UPDATE`;",
    );
    await assert.rejects(
      assertNotTrapped(t, 'pg_terminate_backend', { main }),
      /no standby has the message/,
    );
  });

  it('a wait for standbys that was cancelled taken for a commit, by the same trap', async (t) => {
    const main = mutant(
      t,
      DURABLE,
      `const NOT_REPLICATED = 'SyncRepWaitForLSN';`,
      `const NOT_REPLICATED = 'another function';`,
    );
    await assert.rejects(assertNotTrapped(t, 'pg_cancel_backend', { main }), /no standby has it/);
  });

  it('synchronous_commit = off taken as it is, by the death of the server', async (t) => {
    const main = mutant(
      t,
      DURABLE,
      `WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END`,
      `WHEN 'off' THEN 'off' ELSE 'on' END`,
    );
    await assert.rejects(assertSynchronous(t, { main }), /are lost/);
  });
});
