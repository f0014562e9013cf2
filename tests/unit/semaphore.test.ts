// Queries acquire the semaphore in the order in which they came, and a bounded number of them waits.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreUnavailable } from '../../app/storage/store.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { Semaphore } from '../../app/storage/semaphore.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { SEARCH, silent } from './stores.ts';

const QUERIES = 300;
const WAITING_MAX = 256;

describe('turns', () => {
  it('come in order, and who gave up has none', async () => {
    const turns = new Semaphore(1, 3);
    const came: string[] = [];
    const limit = new AbortController();
    const ask = async (name: string, signal = new AbortController().signal): Promise<void> => {
      await turns.acquire(signal);
      came.push(name);
    };
    await ask('first');
    const second = ask('second');
    const impatient = assert.rejects(ask('impatient', limit.signal), /in time/);
    const third = ask('third');
    await assert.rejects(ask('one too many'), /too many/);
    assert.equal(turns.waiting, 3);
    limit.abort();
    await impatient;
    assert.equal(turns.waiting, 2);
    turns.release();
    await second;
    turns.release();
    await third;
    turns.release();
    await ask('fourth');
    assert.deepEqual(came, ['first', 'second', 'third', 'fourth']);
  });

  it('searches are answered in the order in which they were asked, and those over the bound are not', async (t) => {
    const path = join(temporaryDirectory(t), 'app.db');
    const options = {
      path,
      queueMessagesMax: 16,
      retentionDays: null,
      forwards: [],
      readerThreads: 2,
    };
    const store = await SqliteStore.open(options, silent);
    t.after(() => store.close());
    const answered: number[] = [];
    const refused: number[] = [];
    await Promise.all(
      Array.from({ length: QUERIES }, async (_, index) => {
        try {
          await store.page(SEARCH);
          answered.push(index);
        } catch (error) {
          assert.ok(error instanceof StoreUnavailable);
          refused.push(index);
        }
      }),
    );
    // One is at work while the others wait.
    const taken = Array.from({ length: QUERIES }, (_, index) => index);
    assert.deepEqual(answered, taken.slice(0, WAITING_MAX + 1));
    assert.deepEqual(refused, taken.slice(WAITING_MAX + 1));
    assert.equal(store.readsWaiting, 0);
  });
});
