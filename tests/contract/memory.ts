// The store in memory as an engine of the suite.
import type { Store } from '../../app/storage/store.ts';
import type { Engine, StoreOptions } from './engine.ts';
import type { KeptForwards } from './forward-kept.ts';
import type { Committed } from './kept.ts';
import { MemoryStore } from './oracle.ts';

/** What is between a store in memory and those who use it; for a store that is as it should be, nothing. */
export type Wrap = (store: MemoryStore, committed: Committed) => Store;

export function memoryEngine(wrap: Wrap = (store) => store): Engine {
  const committed: Committed = [];
  const kept: KeptForwards = new Map();
  return {
    open: async (options: StoreOptions = {}) =>
      wrap(new MemoryStore(committed, { ...options, kept }), committed),
    settled: async () => undefined,
    crash: async () => undefined,
  };
}
