// Every full block of messages comes into the search index by itself, however the messages fell around its pieces.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Message } from '../../app/model/message.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { counterReader } from '../../app/storage/sqlite/file/counters.ts';
import { SearchFeed } from '../../app/storage/sqlite/search/search-feed.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

it('counts the messages that came while a piece was made towards the next block', async (t) => {
  const path = join(temporaryDirectory(t), 'app.db');
  const writer = new Writer(path);
  const database = openForReading(path);
  const feed = new SearchFeed(
    path,
    (piece) => writer.applySearchPiece(piece),
    () => true,
  );
  t.after(async () => {
    await feed.close();
    database.close();
    writer.close();
  });
  let given = 0;
  const store = (count: number): void => {
    const messages = Array.from({ length: count }, (): Message => {
      given += 1;
      return {
        message_id: `m${given}`,
        from: '+1',
        to: '+2',
        ts: '2025-01-15T10:00:00Z',
        text: `text ${given}`,
      };
    });
    assert.equal(writer.append(messages).created, count);
    feed.committed(count);
  };
  const indexed = (upTo: number): Promise<true> =>
    eventually(`${upTo} messages in the index`, () => {
      // A batch of duplicates alone: after it, too, the writer takes what the thread has made.
      feed.committed(0);
      return counterReader(database)('searched_seq') === upTo || undefined;
    });

  store(1_724);
  await indexed(1_024);
  store(324);
  await indexed(2_048);
  store(1_024);
  await indexed(3_072);
});
