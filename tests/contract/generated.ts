// A store and the one in memory are given the same generated operations, and say the same after each.
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import type { Message } from '../../app/model/message.ts';
import type { Store } from '../../app/storage/store.ts';
import { assertFiguresAgree, assertPageAgrees, assertStreamAgrees } from './agreement.ts';
import { eventPage, itemGroup, messageGroup, page, range } from './arbitraries.ts';
import type { Engine } from './engine.ts';
import { assertEventsAgree, assertItemsAgree } from './item-agreement.ts';
import type { Committed } from './kept.ts';
import { MemoryStore } from './oracle.ts';

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ append: fc.oneof(messageGroup, itemGroup) }),
  },
  { weight: 2, arbitrary: fc.record({ appendBad: itemGroup }) },
  {
    weight: 6,
    arbitrary: fc.record({ read: fc.array(page, { maxLength: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ events: fc.array(eventPage, { maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.constant('items' as const) },
  { weight: 3, arbitrary: fc.record({ figures: fc.array(range, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.constant('stream' as const) },
  { weight: 2, arbitrary: fc.constant('settle' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const BAD: Message = { message_id: 'bad', from: '+1', to: '+1', ts: 'never', text: null };

/** Does one operation to both, and compares what they say. Returns the store, which may be another one then. */
async function act(
  engine: Engine,
  store: Store,
  oracle: MemoryStore,
  step: Operation,
): Promise<Store> {
  if (step === 'reopen') {
    await store.close();
    return await engine.open();
  }
  if (step === 'settle') await engine.settled(store);
  else if (step === 'stream') await assertStreamAgrees(store, oracle);
  else if (step === 'items') await assertItemsAgree(store, oracle);
  else if ('append' in step)
    assert.deepEqual(await store.append(step.append), await oracle.append(step.append));
  else if ('appendBad' in step)
    assert.ok('unavailable' in (await store.append([...step.appendBad, BAD])));
  else if ('read' in step)
    await Promise.all(step.read.map((each) => assertPageAgrees(store, oracle, each)));
  else if ('events' in step)
    await Promise.all(step.events.map((each) => assertEventsAgree(store, oracle, each)));
  else await assertFiguresAgree(store, oracle, step.figures);
  return store;
}

/** Rejects, with the seed and the shortest example that was found, where the two differ. */
export async function assertAgreesOnGenerated(
  openEngine: () => Engine,
  numRuns: number,
): Promise<void> {
  const operations = fc.array(operation, { minLength: 5, maxLength: 30, size: 'max' });
  const property = fc.asyncProperty(operations, async (steps) => {
    const engine = openEngine();
    const committed: Committed = [];
    const oracle = new MemoryStore(committed);
    let store = await engine.open();
    try {
      for (const step of steps) store = await act(engine, store, oracle, step);
      await assertStreamAgrees(store, oracle);
      await assertItemsAgree(store, oracle);
    } finally {
      await store.close();
    }
  });
  await fc.assert(property, { numRuns });
}
