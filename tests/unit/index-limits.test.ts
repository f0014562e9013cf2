// How far the index may lag behind the database before a read is refused, and that nothing else is refused for it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import type { MessageQuery } from '../../app/model/page.ts';
import { inSnapshot, openReader } from '../../app/storage/sqlite/index/reader-connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { StoreUnavailable } from '../../app/storage/store.ts';
import { insertRows } from '../support/database.ts';
import { Life } from './index-life.ts';
import { SEARCH } from './stores.ts';

const TAIL_MESSAGES_MAX = 65_536;
const TAIL_REMOVALS_MAX = 4_096;
const SEARCH_TAIL_MAX = 262_144;
const LIST_BATCH_MESSAGES = 16_384;

/** A database, and what reads say of it: a total, or why they are refused. */
function open(t: TestContext) {
  const life = new Life(t);
  const database = openReader(life.path);
  t.after(() => {
    database.close();
    life.close();
  });
  const orReason = (read: () => number): number | string => {
    try {
      return read();
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable);
      return error.reason;
    }
  };
  const total = (query: Partial<MessageQuery>): number | string =>
    orReason(() =>
      inSnapshot(
        database,
        (progress) => selectPage(database, progress, { ...SEARCH, ...query }).total,
      ),
    );
  return {
    life,
    listed: () => total({ text: null }),
    found: () => total({ text: 'a text' }),
    counted: () =>
      orReason(() =>
        inSnapshot(database, (progress) => selectStats(database, progress).total_messages),
      ),
  };
}

it('lists and statistics are refused while the lists lack more messages than the tail may hold', (t) => {
  const { life, listed, counted } = open(t);
  const count = TAIL_MESSAGES_MAX + 1;
  insertRows(life.path, count);
  assert.deepEqual([listed(), counted()], ['index_behind', 'index_behind']);
  life.do({ steps: 1, search: false });
  assert.deepEqual([listed(), counted()], [count, count]);
});

it('lists and statistics serve as many messages as the tail may hold', (t) => {
  const { life, listed, counted } = open(t);
  insertRows(life.path, TAIL_MESSAGES_MAX);
  assert.deepEqual([listed(), counted()], [TAIL_MESSAGES_MAX, TAIL_MESSAGES_MAX]);
});

it('a search alone is refused while search lacks more messages than it may compare', (t) => {
  const { life, listed, found } = open(t);
  const count = SEARCH_TAIL_MAX + 1;
  insertRows(life.path, count);
  life.do({ steps: Math.ceil(count / LIST_BATCH_MESSAGES), search: false });
  assert.deepEqual([listed(), found()], [count, 'index_behind']);
  life.do({ steps: 1, search: true });
  assert.deepEqual([listed(), found()], [count, count]);
});

it('reads are refused while the index has more removals to follow than it may', (t) => {
  const { life, listed, counted } = open(t);
  const count = TAIL_REMOVALS_MAX + 100;
  insertRows(life.path, count);
  life.index();
  life.removeSeqs(Array.from({ length: TAIL_REMOVALS_MAX }, (_, place) => place + 1));
  assert.deepEqual([listed(), counted()], [100, 100]);
  life.removeSeqs([TAIL_REMOVALS_MAX + 1]);
  assert.deepEqual([listed(), counted()], ['index_behind', 'index_behind']);
  life.index();
  assert.deepEqual([listed(), counted()], [99, 99]);
});
