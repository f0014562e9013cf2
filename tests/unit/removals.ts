// A file with messages to remove, and everything that must hold of what is left.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import type { Page } from '../../app/model/page.ts';
import { openForReading } from '../../app/storage/sqlite/file/connection.ts';
import { selectPage } from '../../app/storage/sqlite/read/page.ts';
import type { Selection } from '../../app/storage/sqlite/maintenance/selection.ts';
import { rangeOf } from '../../app/storage/sqlite/search/blocks.ts';
import type { SearchPiece } from '../../app/storage/sqlite/index/indexer.ts';
import { listsOf, unpack } from '../../app/storage/sqlite/search/postings.ts';
import { SearchWork } from '../../app/storage/sqlite/search/work.ts';
import { selectStats } from '../../app/storage/sqlite/read/stats.ts';
import { selectAfter } from '../../app/storage/sqlite/read/stream.ts';
import { verifyCounts } from '../../app/storage/sqlite/maintenance/verify.ts';
import { Writer } from '../../app/storage/sqlite/write/writer.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';

export const SENDERS = ['+1', '+22', '+333', '+4444', '+55555'];
const START_MS = Date.UTC(2025, 0, 1);

/** Messages in an order of times that is not that of their arrival. */
function messagesOf(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    message_id: `id-${(index * 7_919) % count}-${index}`,
    from: SENDERS[(index * 3) % 7] ?? '+1',
    to: '+9',
    ts: `${new Date(START_MS + ((index * 104_729) % count) * 60_000).toISOString().slice(0, 19)}Z`,
    text: index % 11 === 0 ? null : `word${index % 13} text${index} ${'filler '.repeat(index % 5)}`,
  }));
}

interface Life {
  readonly writer: Writer;
  readonly database: DatabaseSync;
  readonly messages: Message[];
}

export function open(t: Cleaner, count: number, filled: number): Life {
  const path = join(temporaryDirectory(t), 'app.db');
  const writer = new Writer(path);
  const messages = messagesOf(count);
  for (let at = 0; at < count; at += 1_000) writer.append(messages.slice(at, at + 1_000));
  assert.equal(writer.fillOrder(filled), null);
  const database = openForReading(path);
  t.after(() => {
    database.close();
    writer.close();
  });
  return { writer, database, messages };
}

export function isSelected(message: Message, { before, from }: Selection): boolean {
  const instant = parseInstant(message.ts);
  assert.ok(instant);
  return (
    (before === null || instant.seconds < before.seconds) &&
    (from === null || message.from === from)
  );
}

export function pieces(database: DatabaseSync, share = 0): SearchWork {
  return new SearchWork(database, share);
}

export function indexAll(life: Life, share = 0): void {
  const work = pieces(life.database, share);
  for (let piece = work.next(); piece !== null; piece = work.next()) apply(life, piece);
}

export function apply({ writer }: Life, piece: SearchPiece): void {
  assert.equal(writer.applySearchPiece(piece), null);
}

function listed(page: Page): Message[] {
  return JSON.parse(Buffer.from(page.json).toString()) as Message[];
}

/** Everything that can be asked says what is left, and nothing else. */
export function holds({ database }: Life, left: readonly Message[]): void {
  assert.deepEqual(verifyCounts(database), []);
  const base = { limit: 20_000, offset: 0, from: null, since: null, text: null, cursor: null };
  const ids = (list: readonly Message[]): string[] => list.map((m) => m.message_id).toSorted();
  const page = selectPage(database, base);
  assert.equal(page.total, left.length);
  assert.deepEqual(ids(listed(page)), ids(left));
  for (const from of SENDERS) {
    const expected = left.filter((m) => m.from === from);
    assert.equal(selectPage(database, { ...base, from }).total, expected.length);
  }
  for (const text of ['word3', 'WORD12 ', 'text77', 'absent']) {
    const expected = left.filter((m) => m.text?.includes(text.toLowerCase()));
    const found = selectPage(database, { ...base, text });
    assert.deepEqual(ids(listed(found)), ids(expected), text);
    assert.equal(found.total, expected.length);
  }
  const stats = selectStats(database);
  assert.equal(stats.total_messages, left.length);
  assert.equal(stats.senders_count, new Set(left.map((m) => m.from)).size);
  const streamed = selectAfter(database, { after: 0, limit: 20_000 });
  assert.equal(streamed.entries.length <= left.length, true);
}

/** How many removed messages the lists of the search index still name. */
export function listedGhosts(database: DatabaseSync): number {
  const there = new Set(
    database
      .prepare('SELECT seq FROM messages')
      .all()
      .map((row) => row['seq']),
  );
  const ghosts = new Set<number>();
  for (const row of database.prepare('SELECT level, position, block_id FROM search_blocks').all()) {
    const block = { level: Number(row['level']), index: Number(row['position']) };
    const groups = database
      .prepare('SELECT postings FROM search_postings WHERE row_id >> 16 = ?')
      .all(row['block_id'] ?? 0);
    for (const { postings } of groups) {
      assert.ok(postings instanceof Uint8Array);
      for (const { start, end } of listsOf(postings))
        for (const place of unpack(postings.subarray(start, end)))
          if (!there.has(rangeOf(block)[0] + place)) ghosts.add(rangeOf(block)[0] + place);
    }
  }
  return ghosts.size;
}

export const HALF: Selection = {
  before: { seconds: (START_MS + 1_500 * 60_000) / 1_000, nanos: 0 },
  from: null,
};
