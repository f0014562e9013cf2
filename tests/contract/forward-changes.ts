// Changes of a destination, as the clauses of forwarding record them.
import assert from 'node:assert/strict';
import type { ForwardChange, ForwardStore, Store, Unfinished } from '../../app/storage/store.ts';
import { create, messages } from './engine.ts';
import { Places } from './forward-places.ts';

export const NAME = 'app';
export const TALK = 'chat +15550100';

/** A change that changes nothing of a destination at the position. */
export function change(position: number, overrides: Partial<ForwardChange> = {}): ForwardChange {
  return {
    position,
    finished: [],
    put: [],
    remove: [],
    release: [],
    nowMs: 100,
    delivered: 0,
    ...overrides,
  };
}

export function retrying(
  seq: number,
  dueMs: number,
  overrides: Partial<Unfinished> = {},
): Unfinished {
  return {
    seq,
    state: 'retry',
    conversation: TALK,
    attempts: 1,
    firstMs: 10,
    lastMs: 10,
    dueMs,
    error: 'answered 500',
    ...overrides,
  };
}

export function waiting(seq: number, conversation = TALK): Unfinished {
  const never = { attempts: 0, firstMs: null, lastMs: null, dueMs: null, error: null };
  return { seq, state: 'waiting', conversation, ...never };
}

export function dead(seq: number, overrides: Partial<Unfinished> = {}): Unfinished {
  return { ...retrying(seq, 0), state: 'dead', dueMs: null, attempts: 7, ...overrides };
}

/** Opens a destination of mode `item` that has read `count` new messages; their numbers. */
export async function opened(
  store: Store,
  count: number,
): Promise<{ readonly forwards: ForwardStore; readonly numbers: readonly number[] }> {
  await create(store, messages(count));
  const { forwards } = store;
  assert.equal(await forwards.lease(NAME), true);
  await forwards.open(NAME, 'item', 'beginning');
  const places = await Places.of(store);
  const numbers = Array.from({ length: count }, (_, at) => places.numberOf(at + 1));
  await forwards.record(NAME, change(numbers.at(-1) ?? 0));
  return { forwards, numbers };
}

export async function dueNumbers(forwards: ForwardStore, nowMs: number): Promise<number[]> {
  return (await forwards.due(NAME, nowMs, 100)).rows.map(({ seq }) => seq);
}
