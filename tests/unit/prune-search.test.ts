// The search index forgets removed messages, whatever is under way on it when they go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCK_MESSAGES, FAN_OUT } from '../../app/storage/sqlite/search/blocks.ts';
import type { SearchPiece } from '../../app/storage/sqlite/index/indexer.ts';
import { HALF, SENDERS, apply, holds, indexAll, listedGhosts, open, pieces } from './removals.ts';

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
    indexAll(life);
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
    indexAll(life);
    assert.equal(listedGhosts(life.database), 0);
    holds(life, left);
  });

  it('a part that is small is left until more goes, and a block without messages is emptied', (t) => {
    const life = open(t, BLOCK_MESSAGES, BLOCK_MESSAGES);
    indexAll(life);
    assert.equal(life.writer.prune(HALF, 10).removed, 10);
    indexAll(life, 1 / 16);
    assert.ok(listedGhosts(life.database) > 0);
    assert.equal(life.writer.prune(HALF, 100).removed, 100);
    indexAll(life, 1 / 16);
    assert.equal(listedGhosts(life.database), 0);
    while (
      life.writer.prune({ before: { seconds: 9_999_999_999, nanos: 0 }, from: null }, 900).removed >
      0
    );
    indexAll(life, 1 / 16);
    assert.equal(
      Number(life.database.prepare('SELECT count(*) AS n FROM search_postings').get()?.['n']),
      0,
    );
  });
});
