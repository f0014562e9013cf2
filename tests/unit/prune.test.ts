// Messages that are removed are gone from every list, count and index, at every step of it; their ids are not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APPEND_OUTCOMES } from '../../app/storage/sqlite/file/protocol.ts';
import { type Selection, countSelected } from '../../app/storage/sqlite/maintenance/selection.ts';
import { verifyCounts } from '../../app/storage/sqlite/maintenance/verify.ts';
import { HALF, holds, indexAll, isSelected, listedGhosts, open } from './removals.ts';

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
        indexAll(life);
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
        indexAll(life);
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
