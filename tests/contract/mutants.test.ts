// The suite is worth what it catches: each wrong store breaks the clause that is about it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryEngine } from './memory.ts';
import { CLAUSES } from './suite.ts';
import { WRONG_FORWARDS } from './wrong-forwards.ts';
import { WRONG_ITEM_READS } from './wrong-item-reads.ts';
import { WRONG_ITEM_WRITES } from './wrong-item-writes.ts';
import { WRONG_READS } from './wrong-reads.ts';
import { WRONG_WRITES } from './wrong-writes.ts';

describe('the suite catches a store in which', () => {
  for (const { name, caughtBy, wrap } of [
    ...WRONG_WRITES,
    ...WRONG_READS,
    ...WRONG_ITEM_WRITES,
    ...WRONG_ITEM_READS,
    ...WRONG_FORWARDS,
  ])
    it(name, async () => {
      const clauses = CLAUSES.filter((clause) => clause.name.includes(caughtBy));
      assert.equal(clauses.length, 1, caughtBy);
      for (const { holds } of clauses)
        await assert.rejects(holds(memoryEngine(wrap)), assert.AssertionError);
    });
});
