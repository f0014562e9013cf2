// The write-ahead log stays short while retention removes many messages from a service that gets none.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { silent } from './stores.ts';

const MESSAGES = 6_000;
const BATCH = 500;
/** What is written until a checkpoint is due, and until it has been made. */
const WAL_BYTES_MAX = 20 * 1_048_576;

it('the WAL is checkpointed while retention removes messages from a quiet service', async (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  const options = { path, queueMessagesMax: BATCH, readerThreads: 1 };
  const filled = await SqliteStore.open({ ...options, retentionDays: null, forwards: [] }, silent);
  const text = 'lorem ipsum dolor '.repeat(100);
  const old = { from: '+1', to: '+2', ts: '2001-01-15T10:00:00Z', text };
  for (let at = 0; at < MESSAGES; at += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, place) => `message ${at + place}`);
    await filled.append(ids.map((id) => ({ message_id: id, ...old })));
  }
  await filled.close();

  let ended = false;
  let longest = 0;
  const store = await SqliteStore.open(
    { ...options, retentionDays: 30, forwards: [] },
    {
      ...silent,
      pruned: () => {
        longest = Math.max(longest, statSync(`${path}-wal`).size);
      },
      pruneRun: ({ messages, failure }) => {
        assert.deepEqual([messages, failure], [MESSAGES, null]);
        ended = true;
      },
    },
  );
  t.after(() => store.close());
  await eventually('the end of the run', () => ended || undefined);
  assert.ok(longest < WAL_BYTES_MAX, `${longest} bytes`);
});
