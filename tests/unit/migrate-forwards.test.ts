// A migration of destinations: where each is, and what it has not finished, arrive as they were, also after an interruption.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Migration } from '../../app/cli/transfer/migration.ts';
import { readDatabase } from '../../app/config/database.ts';
import { openAdmin, openStore } from '../../app/storage/open.ts';
import type { DatabaseLocation } from '../../app/model/database.ts';
import type { Store, Unfinished } from '../../app/storage/store.ts';
import { create, messages } from '../contract/engine.ts';
import { type Cleaner, temporaryDirectory } from '../support/cleanup.ts';
import { postgresDatabase } from '../support/postgres.ts';
import { silent } from './stores.ts';

const NAMES = ['app', 'audit'];
/** More rows than are copied at once. */
const ROWS = 12_000;
const ignore = (): void => undefined;
const UNSEEN = { copying: ignore, waiting: ignore, comparing: ignore };
const STATES = ['retry', 'waiting', 'dead'] as const;

const SQLITE = async (t: Cleaner): Promise<string> =>
  `sqlite:///${join(temporaryDirectory(t), 'app.db')}`;

function locationOf(url: string): DatabaseLocation {
  return readDatabase({ DATABASE_URL: url });
}

async function withStore(url: string, work: (store: Store) => Promise<void>): Promise<void> {
  const options = { queueMessagesMax: 20_000, retentionDays: null, forwards: [], readerThreads: 1 };
  const store = await openStore(locationOf(url), options, silent);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function row(seq: number): Unfinished {
  const state = STATES[seq % 3] ?? 'retry';
  const dueMs = state === 'retry' ? 1_000 + seq : null;
  const conversation = seq % 4 === 0 ? null : `default é\0 ${seq % 7}`;
  return { seq, state, conversation, attempts: 2, firstMs: 5, lastMs: seq, dueMs, error: '\0 ✗' };
}

async function fill(store: Store): Promise<void> {
  const { forwards } = store;
  for (let at = 0; at < ROWS; at += 500) await create(store, messages(500));
  const { entries } = await forwards.entries('item', 0, ROWS);
  const numbers = entries.map(({ seq }) => seq);
  const last = numbers.at(-1) ?? 0;
  for (const name of NAMES) {
    await forwards.lease(name);
    await forwards.open(name, 'item', 'beginning');
  }
  const nothing = { remove: [], release: [], wakeSinceMs: null, nowMs: 5, delivered: 4 };
  await forwards.record('app', { position: last, finished: [], put: numbers.map(row), ...nothing });
  await forwards.record('audit', { position: 1, finished: [3, 7], put: [row(2)], ...nothing });
  const said = { reason: 'it "failed"', lastError: 'é', lastErrorAt: null, ratePerSecond: 0.5 };
  await forwards.report('audit', { state: 'slowed', ...said, at: '2025-01-15T10:00:00.000Z' });
}

/** All that is said of destinations. */
async function seen({ forwards }: Store): Promise<unknown[]> {
  return [
    await forwards.statuses(),
    ...(await Promise.all(
      NAMES.map(async (name) => [
        await forwards.due(name, Date.now(), ROWS),
        await forwards.dead(name, 0, ROWS),
        await forwards.held(name, ['default é\0 1', 'default é\0 2', 'none']),
      ]),
    )),
  ];
}

for (const [name, freshSource, freshTarget] of [
  ['SQLite to PostgreSQL', SQLITE, postgresDatabase],
  ['PostgreSQL to SQLite', postgresDatabase, SQLITE],
] as const)
  describe(`a migration from ${name}`, () => {
    it('takes along where destinations are, and what they have not finished', async (t) => {
      const [from, to] = [await freshSource(t), await freshTarget(t)];
      let original: unknown[] = [];
      await withStore(from, async (store) => {
        await fill(store);
        original = await seen(store);
      });
      const admin = await openAdmin(locationOf(to));
      // A migration that ended in the middle has left something else.
      const interrupted = await admin.openTarget();
      const left = {
        mode: 'raw',
        startedAfter: 0,
        position: 0,
        finished: [],
        delivered: 9,
      } as const;
      const forwards = ['app', 'left'].map((each) => ({
        ...left,
        name: each,
        report: null,
        usedMs: 1,
      }));
      await interrupted.storeForwards(forwards);
      for (const forward of forwards) await interrupted.storeUnfinished(forward, [row(5), row(6)]);
      await interrupted.close();
      const source = await (await openAdmin(locationOf(from))).openSource();
      const target = await admin.openTarget();
      const { signal } = new AbortController();
      const report = await new Migration(source, target, signal, UNSEEN).run();
      await target.close();
      await source.close();
      assert.deepEqual([report.forwards, report.unfinished], [2, ROWS + 1]);
      await withStore(to, async (store) => {
        assert.deepEqual(await seen(store), original);
        await create(store, messages(1));
      });
    });
  });
