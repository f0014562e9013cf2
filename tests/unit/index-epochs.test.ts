// An index stays an index of its database through any number of starts, and one that is no longer is not called damaged.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import type { Message } from '../../app/model/message.ts';
import { renewEpochs } from '../../app/storage/sqlite/file/epochs.ts';
import { ServiceLock } from '../../app/storage/sqlite/file/service-lock.ts';
import { Indexer } from '../../app/storage/sqlite/index/indexer.ts';
import { fileStats } from '../../app/storage/sqlite/maintenance/file-stats.ts';
import { SqliteStore } from '../../app/storage/sqlite/store.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import type { IndexEvent } from '../../app/storage/store.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { silent } from './stores.ts';

/** More starts than the database remembers. */
const STARTS = 70;

function messages(count: number): Message[] {
  const ts = '2025-01-15T10:00:00Z';
  return Array.from({ length: count }, (_, place) => ({
    message_id: `m${place}`,
    from: `+${place}`,
    to: '+9',
    ts,
    text: null,
  }));
}

/** Starts on the database and appends; the index follows to its end. Returns what its first step was. */
function start(path: string, appended: readonly Message[]): string {
  const writer = new Writer(path, ServiceLock.forService(path));
  const indexer = new Indexer(path);
  assert.equal(writer.append(appended).failure, null);
  const first = indexer.step();
  while (indexer.step() !== 'none');
  indexer.close();
  writer.close();
  return first;
}

it('an index is not built again because a database was started often without a message', (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  assert.equal(start(path, messages(5)), 'lists');
  for (let count = 1; count <= STARTS; count += 1) assert.notEqual(start(path, []), 'renewed');
});

it('an index that has missed removals is built again, as their records are gone', (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  start(path, messages(5));
  copyFileSync(`${path}-index`, `${path}-older`);
  const writer = new Writer(path, ServiceLock.forService(path));
  assert.equal(writer.remove('messages', [1, 2]).failure, null);
  assert.equal(writer.purgeRemovals(writer.lastRemoval), null);
  writer.close();
  copyFileSync(`${path}-older`, `${path}-index`);
  assert.equal(start(path, []), 'renewed');
});

it('the figures of a database are told beside an index of another one', (t) => {
  const [path, other] = [
    join(temporaryDirectory(t), 'app.db'),
    join(temporaryDirectory(t), 'app.db'),
  ];
  start(path, messages(5));
  start(other, messages(3));
  copyFileSync(`${other}-index`, `${path}-index`);
  assert.equal(fileStats(path).stats.total_messages, 5);
});

it('an index that another process has renewed is built again without being called damaged', async (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  const events: IndexEvent['kind'][] = [];
  const options = {
    path,
    queueMessagesMax: 16,
    retentionDays: null,
    forwards: [],
    readerThreads: 1,
  };
  const store = await SqliteStore.open(options, {
    ...silent,
    index: ({ kind }) => events.push(kind),
  });
  const database = new DatabaseSync(path, { timeout: 10_000 });
  t.after(async () => {
    database.close();
    await store.close();
  });
  await store.append(messages(5));
  const followed = async (): Promise<true | undefined> =>
    (await store.readGauges())?.get('oncebox_list_backlog_messages') === 0 ? true : undefined;
  await eventually('the index to follow', followed);
  for (let round = 0; round < 3; round += 1) {
    database.exec('BEGIN IMMEDIATE');
    renewEpochs(database);
    database.exec('COMMIT');
    for (let read = 0; read < 20; read += 1) assert.equal((await store.stats()).total_messages, 5);
    await eventually('the index to follow again', followed);
  }
  assert.deepEqual(events, []);
});
