// What tests need that open a store in their own process: somebody who listens to it, and a search that takes long.
import type { MessageQuery } from '../../app/model/page.ts';
import type { StoreObserver } from '../../app/storage/store.ts';
import { query } from '../contract/engine.ts';

/** Hears everything and says nothing, but for what must not happen. */
export const silent: StoreObserver = {
  batch: () => undefined,
  index: () => undefined,
  hazard: () => undefined,
  waitingForLock: () => undefined,
  waitingForDatabase: () => undefined,
  diskRecovered: () => undefined,
  checkpoint: () => undefined,
  pruned: () => undefined,
  pruneRun: () => undefined,
  fatal: (error) => {
    throw error;
  },
};

/** Of two characters, which no index helps to find: every text is looked at. */
export const WORD = 'zq';

export const SEARCH: MessageQuery = query({ limit: 1, text: WORD });
