// Stores that are wrong in one way each, made of the store in memory.
import type { Store } from '../../app/storage/store.ts';
import type { MemoryStore } from './oracle.ts';
import type { Wrap } from './memory.ts';

export interface Mutant {
  readonly name: string;
  /** The clause that catches it, by a part of its name. */
  readonly caughtBy: string;
  readonly wrap: Wrap;
}

/** The store with some of its methods replaced. */
export function replaced(store: MemoryStore, methods: Partial<Store>): Store {
  return new Proxy<Store>(store, {
    get: (_, name: keyof Store) => {
      const value = methods[name] ?? store[name];
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}
