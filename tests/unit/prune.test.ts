// Messages that are removed are gone from every list, count and index, at every stage of being removed; their ids are not.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { parseInstant } from '../../app/model/instant.ts';
import type { Message } from '../../app/model/message.ts';
import { openForReading } from '../../app/storage/sqlite/connection.ts';
import { selectPage } from '../../app/storage/sqlite/page.ts';
import { APPEND_OUTCOMES } from '../../app/storage/sqlite/protocol.ts';
import { type Selection, countSelected } from '../../app/storage/sqlite/prune/selection.ts';
import { BLOCK_MESSAGES, FAN_OUT, rangeOf } from '../../app/storage/sqlite/search/blocks.ts';
import type { SearchPiece } from '../../app/storage/sqlite/search/indexer.ts';
import { listsOf, unpack } from '../../app/storage/sqlite/search/postings.ts';
import { SearchWork } from '../../app/storage/sqlite/search/work.ts';
import { selectStats } from '../../app/storage/sqlite/stats.ts';
import { selectAfter } from '../../app/storage/sqlite/stream.ts';
import { verifyCounts } from '../../app/storage/sqlite/verify.ts';
import { Writer } from '../../app/storage/sqlite/writer.ts';
import { temporaryDirectory } from '../support/cleanup.ts';

const SENDERS = ['+1', '+22', '+333', '+4444', '+55555'];
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

function open(t: TestContext, count: number, filled: number): Life {
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

function isSelected(message: Message, { before, from }: Selection): boolean {
  const instant = parseInstant(message.ts);
  assert.ok(instant);
  return (
    (before === null || instant.seconds < before.seconds) &&
    (from === null || message.from === from)
  );
}

function pieces(database: DatabaseSync, share = 0): SearchWork {
  return new SearchWork(database, share);
}

function index(life: Life, share = 0): void {
  const work = pieces(life.database, share);
  for (let piece = work.next(); piece !== null; piece = work.next()) apply(life, piece);
}

function apply({ writer }: Life, piece: SearchPiece): void {
  assert.equal(writer.applySearchPiece(piece), null);
}

/** Everything that can be asked says what is left, and nothing else. */
function holds({ database }: Life, left: readonly Message[]): void {
  assert.deepEqual(verifyCounts(database), []);
  const base = { limit: 20_000, offset: 0, from: null, since: null, text: null, cursor: null };
  const ids = (list: readonly Message[]): string[] => list.map((m) => m.message_id).toSorted();
  const page = selectPage(database, base);
  assert.equal(page.total, left.length);
  assert.deepEqual(ids(page.data), ids(left));
  for (const from of SENDERS) {
    const expected = left.filter((m) => m.from === from);
    assert.equal(selectPage(database, { ...base, from }).total, expected.length);
  }
  for (const text of ['word3', 'WORD12 ', 'text77', 'absent']) {
    const expected = left.filter((m) => m.text?.includes(text.toLowerCase()));
    const found = selectPage(database, { ...base, text });
    assert.deepEqual(ids(found.data), ids(expected), text);
    assert.equal(found.total, expected.length);
  }
  const stats = selectStats(database);
  assert.equal(stats.total_messages, left.length);
  assert.equal(stats.senders_count, new Set(left.map((m) => m.from)).size);
  const streamed = selectAfter(database, { after: 0, limit: 20_000 });
  assert.equal(streamed.entries.length <= left.length, true);
}

/** How many removed messages the lists of the search index still name. */
function listedGhosts(database: DatabaseSync): number {
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

const HALF: Selection = {
  before: { seconds: (START_MS + 1_500 * 60_000) / 1_000, nanos: 0 },
  from: null,
};
const SELECTIONS: Record<string, Selection> = {
  'before an instant': HALF,
  'of a sender': { before: null, from: '+22' },
  'of a sender, before an instant': { ...HALF, from: '+333' },
  'all of them': { before: { seconds: 9_999_999_999, nanos: 0 }, from: null },
  'none of them': { before: null, from: '+404' },
};

describe('removing messages', () => {
  for (const [name, selection] of Object.entries(SELECTIONS)) {
    for (const filled of [0, 1_700, 3_000]) {
      it(`${name}, with ${filled} of 3,000 in the orders`, (t) => {
        const life = open(t, 3_000, filled);
        index(life);
        assert.equal(
          countSelected(life.database, selection),
          life.messages.filter((m) => isSelected(m, selection)).length,
        );
        // Only what the orders hold is removed: the rest is removed once they hold it.
        const ordered = life.messages.slice(0, filled).filter((m) => isSelected(m, selection));
        let left = [...life.messages];
        for (let all = 0, steps = 0; ; steps += 1) {
          const { removed, failure } = life.writer.prune(selection, 97);
          assert.equal(failure, null);
          if (removed === 0) break;
          all += removed;
          const there = new Set(
            life.database
              .prepare('SELECT message_id FROM messages')
              .all()
              .map((row) => row['message_id']),
          );
          left = left.filter((m) => there.has(m.message_id));
          assert.equal(left.length, life.messages.length - all);
          assert.deepEqual(verifyCounts(life.database), []);
          if (steps % 8 === 0) holds(life, left);
        }
        assert.deepEqual(
          left,
          life.messages.filter((m) => !ordered.includes(m)),
        );
        holds(life, left);
        index(life);
        assert.equal(listedGhosts(life.database), 0);
        holds(life, left);
        const again = life.writer.append(
          life.messages.map((m) => ({ ...m, text: `other ${m.text}` })),
        );
        for (const [at, message] of life.messages.entries())
          assert.equal(
            APPEND_OUTCOMES[again.outcomes[at] ?? -1],
            ordered.includes(message) ? 'duplicate' : 'conflict',
          );
        holds(life, left);
      });
    }
  }
});

describe('the search index beside removals', () => {
  it('a block that was read before and put in after a removal is cleaned of it', (t) => {
    const life = open(t, BLOCK_MESSAGES, BLOCK_MESSAGES);
    const work = pieces(life.database);
    const piece = work.next();
    assert.ok(piece?.kind === 'build');
    const { removed } = life.writer.prune({ before: null, from: '+22' }, 1_000);
    assert.ok(removed > 0);
    apply(life, piece);
    assert.ok(listedGhosts(life.database) > 0);
    index(life);
    assert.equal(listedGhosts(life.database), 0);
  });

  it('messages that go while their blocks are merged leave the merged block', (t) => {
    const life = open(t, BLOCK_MESSAGES * FAN_OUT, BLOCK_MESSAGES * FAN_OUT);
    const work = pieces(life.database);
    let merging = 0;
    let left = life.messages;
    for (let piece = work.next(); piece !== null; piece = work.next()) {
      // The piece was prepared before the removal, and comes after it.
      if (piece.kind === 'merge' || piece.kind === 'begin') {
        merging += 1;
        const from = SENDERS[merging - 1];
        if (from !== undefined && merging < 4) {
          while (life.writer.prune({ before: null, from }, 5_000).removed > 0);
          left = left.filter((m) => m.from !== from);
        }
      }
      apply(life, piece);
    }
    assert.ok(merging > 2);
    assert.equal(listedGhosts(life.database), 0);
    holds(life, left);
  });

  it('two that work on it at once overtake each other, and it stays right', (t) => {
    const life = open(t, BLOCK_MESSAGES * (FAN_OUT + 2), BLOCK_MESSAGES * (FAN_OUT + 2));
    const workers = [pieces(life.database), pieces(life.database), pieces(life.database, 1 / 16)];
    let left = life.messages;
    const prepared: (SearchPiece | null)[] = [null, null, null];
    let idle = 0;
    for (let turn = 0; idle < 3; turn += 1) {
      // Each worker prepares its next piece while those of the others are still under way.
      const at = (turn * 7 + (turn >> 2)) % 3;
      const piece = prepared[at] ?? null;
      if (piece !== null) apply(life, piece);
      prepared[at] = workers[at]?.next() ?? null;
      idle = prepared.every((waiting) => waiting === null) ? idle + 1 : 0;
      if (turn === 30 || turn === 45 || turn === 60) {
        const from = SENDERS[turn / 15 - 2];
        assert.ok(from !== undefined);
        while (life.writer.prune({ before: null, from }, 5_000).removed > 0);
        left = left.filter((m) => m.from !== from);
      }
      assert.ok(turn < 10_000, 'they never come to an end');
    }
    index(life);
    assert.equal(listedGhosts(life.database), 0);
    holds(life, left);
  });

  it('a part that is small is left until more goes, and a block without messages is emptied', (t) => {
    const life = open(t, BLOCK_MESSAGES, BLOCK_MESSAGES);
    index(life);
    assert.equal(life.writer.prune(HALF, 10).removed, 10);
    index(life, 1 / 16);
    assert.ok(listedGhosts(life.database) > 0);
    assert.equal(life.writer.prune(HALF, 100).removed, 100);
    index(life, 1 / 16);
    assert.equal(listedGhosts(life.database), 0);
    while (
      life.writer.prune({ before: { seconds: 9_999_999_999, nanos: 0 }, from: null }, 900).removed >
      0
    );
    index(life, 1 / 16);
    assert.equal(
      Number(life.database.prepare('SELECT count(*) AS n FROM search_postings').get()?.['n']),
      0,
    );
  });
});
