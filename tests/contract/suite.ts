// The contract of `Store`, as one suite that every engine is held to.
import { describe, it } from 'node:test';
import { APPENDS } from './appends.ts';
import { CONCURRENCY } from './concurrency.ts';
import type { Clause, OpenEngine } from './engine.ts';
import { assertAgreesOnGenerated } from './generated.ts';
import { assertForwardsAgreeOnGenerated } from './forward-generated.ts';
import { FORWARDS } from './forwards.ts';
import { LIFECYCLE } from './lifecycle.ts';
import { READS } from './reads.ts';
import { ITEM_APPENDS } from './item-appends.ts';
import { ITEM_READS } from './item-reads.ts';
import { SEARCH } from './search.ts';

/** Sequences of operations that each run of the suite tries. */
const GENERATED_RUNS = 12;

/** What depends on how messages are appended. */
export const WRITES: readonly Clause[] = [...APPENDS, ...ITEM_APPENDS, ...CONCURRENCY];

const ITEMS: readonly Clause[] = [...WRITES, ...READS, ...ITEM_READS, ...SEARCH, ...LIFECYCLE];

export const CLAUSES: readonly Clause[] = [...ITEMS, ...FORWARDS];

/** Registers the tests of one engine, but for those of forwarding. */
export function contract(
  name: string,
  openEngine: OpenEngine,
  clauses: readonly Clause[] = ITEMS,
): void {
  describe(`a ${name} store`, () => {
    for (const clause of clauses) it(clause.name, (t) => clause.holds(openEngine(t)));

    it('agrees with a store in memory on any sequence of operations', (t) =>
      assertAgreesOnGenerated(() => openEngine(t), GENERATED_RUNS));
  });
}

/** Registers the tests of one engine's forwarding. */
export function forwardContract(name: string, openEngine: OpenEngine): void {
  describe(`the forwarding of a ${name} store`, () => {
    for (const clause of FORWARDS) it(clause.name, (t) => clause.holds(openEngine(t)));

    it('does as that of a store in memory on any sequence of operations', (t) =>
      assertForwardsAgreeOnGenerated(() => openEngine(t), GENERATED_RUNS));
  });
}
