// Searches with far more matches than are held in memory, and senders with far more messages than are compared at once.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { Message } from '../../app/model/message.ts';
import type { MessageQuery } from '../../app/model/page.ts';
import { ServiceLock } from '../../app/storage/sqlite/file/service-lock.ts';
import { Indexer } from '../../app/storage/sqlite/index/indexer.ts';
import { inSnapshot, openReader } from '../../app/storage/sqlite/index/reader-connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { SEARCH } from './stores.ts';

/** More than one pass of a search holds. */
const MESSAGES = 100_300;
const APPENDED_AT_ONCE = 10_000;
/** All of the first messages have this word, so that a search compares them without the index; later one in a hundred has it. */
const WORD = 'zqx';
const DENSE = 10_000;
const SPARSE_EVERY = 100;

const idOf = (place: number): string => String(place).padStart(6, '0');

const hasWord = (place: number): boolean => place < DENSE || place % SPARSE_EVERY === 0;

function messageOf(place: number): Message {
  const ts = '2025-01-15T10:00:00Z';
  const text = hasWord(place) ? WORD : 'zq';
  return { message_id: idOf(place), from: `+${1 + (place % 2)}`, to: '+9', ts, text };
}

const path = join(temporaryDirectory({ after }), 'app.db');
const writer = new Writer(path, ServiceLock.forService(path));
for (let first = 0; first < MESSAGES; first += APPENDED_AT_ONCE) {
  const length = Math.min(APPENDED_AT_ONCE, MESSAGES - first);
  writer.append(Array.from({ length }, (_, place) => messageOf(first + place)));
}
const indexer = new Indexer(path);
while (indexer.step() !== 'none');
const database = openReader(path);
after(() => {
  database.close();
  indexer.close();
  writer.close();
});

function search(query: Partial<MessageQuery>): { ids: string[]; total: number } {
  const page = inSnapshot(database, (progress) =>
    selectPage(database, progress, { ...SEARCH, ...query }),
  );
  const data = JSON.parse(Buffer.from(page.json).toString()) as Message[];
  return { ids: data.map(({ message_id }) => message_id), total: page.total };
}

for (const offset of [99_949, 99_990, 100_000, 100_290])
  it(`a page of matches at ${offset}`, () => {
    const expected = Array.from({ length: MESSAGES }, (_, place) => idOf(place));
    const { ids, total } = search({ offset, limit: 50 });
    assert.deepEqual([ids, total], [expected.slice(offset, offset + 50), MESSAGES]);
  });

for (const offset of [4_352, 50_149])
  it(`a page of a sender's matches at ${offset}`, () => {
    const { ids, total } = search({ from: '+2', offset, limit: 3 });
    const expected = [0, 1, 2].map((place) => 2 * (offset + place) + 1);
    assert.deepEqual(ids, expected.filter((place) => place < MESSAGES).map(idOf));
    assert.equal(total, MESSAGES / 2);
  });

for (const order of ['asc', 'desc'] as const)
  for (const offset of [0, 8_000, 10_400])
    it(`a page of a word that many of the first messages have, ${order}, at ${offset}`, () => {
      const places = Array.from({ length: MESSAGES }, (_, place) => place).filter(hasWord);
      if (order === 'desc') places.reverse();
      const { ids, total } = search({ text: WORD, order, offset, limit: 50 });
      assert.equal(total, places.length);
      assert.deepEqual(ids, places.slice(offset, offset + 50).map(idOf));
    });
