// The contract of `StoreAdmin`, as one suite that every engine is held to.
import { describe, it } from 'node:test';
import type { OpenAdminEngine } from './admin-engine.ts';
import { COPIES, ITEMS } from './admin-items.ts';
import { ITEM_MOVES } from './admin-item-moves.ts';
import { LINKS } from './admin-links.ts';
import { REMOVALS } from './admin-removals.ts';
import { SOURCES } from './admin-sources.ts';
import { TARGETS } from './admin-targets.ts';
import { TRANSFER } from './admin-transfer.ts';
import { UPKEEP } from './admin-upkeep.ts';

/** Registers the tests of one engine. */
export function adminContract(name: string, openEngine: OpenAdminEngine): void {
  describe(`the maintenance of a ${name} database`, () => {
    for (const { name: clause, holds } of [...TRANSFER, ...ITEMS, ...LINKS, ...UPKEEP, ...REMOVALS])
      it(clause, (t) => holds(openEngine(t)));
    for (const { name: clause, holds } of [COPIES, ...SOURCES, ...TARGETS, ...ITEM_MOVES])
      it(clause, (t) => holds(openEngine(t), openEngine(t)));
  });
}
