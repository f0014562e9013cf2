// What the suite of the two ends of a migration needs: a database for each, opened and closed, and messages with numbers.
import assert from 'node:assert/strict';
import type {
  MigrationEnd,
  MigrationSource,
  MigrationTarget,
  NumberedDelivery,
  NumberedItem,
  NumberedMessage,
} from '../../app/storage/migration.ts';
import type { Message } from '../../app/model/message.ts';
import type { Store } from '../../app/storage/store.ts';
import type { AdminEngine } from './admin-engine.ts';
import { message, messages } from './engine.ts';

/** A promise of the two ports of a migration, with a database for each end. */
export interface MoveClause {
  readonly name: string;
  readonly holds: (source: AdminEngine, target: AdminEngine) => Promise<void>;
}

/** What a message of the default source has of what others have. */
const OF_DEFAULT = { source: null, kind: null, payload: null, content: null, delivery: null };

/** Messages as a source has them, under the numbers that are given. */
export function numbered(
  seqs: readonly number[],
  all: readonly Message[] = messages(seqs.length),
): NumberedMessage[] {
  return all.map((each, place) => ({
    ...each,
    ...OF_DEFAULT,
    seq: seqs[place] ?? 0,
    created_at: `2024-01-01T00:00:${String(place % 60).padStart(2, '0')}.000Z`,
  }));
}

export async function withSource(
  engine: AdminEngine,
  work: (source: MigrationSource) => Promise<void>,
): Promise<void> {
  const source = await (await engine.admin()).openSource();
  try {
    await work(source);
  } finally {
    await source.close();
    await source.close();
  }
}

export async function withTarget(
  engine: AdminEngine,
  work: (target: MigrationTarget) => Promise<void>,
): Promise<void> {
  const target = await (await engine.admin()).openTarget();
  try {
    await work(target);
  } finally {
    await target.close();
    await target.close();
  }
}

/** Reads items as plain objects, every field by name. */
export async function read(
  end: MigrationEnd,
  after: number,
  upTo: number,
  limit: number,
): Promise<NumberedItem[]> {
  const found = await end.items(after, upTo, limit);
  return found.map((item) => ({ ...item }));
}

/** Reads all deliveries as plain objects, in pages of `limit`. */
export async function readDeliveries(
  end: MigrationEnd,
  limit: number,
): Promise<NumberedDelivery[]> {
  const all: NumberedDelivery[] = [];
  for (;;) {
    const page = await end.deliveries(all.at(-1)?.number ?? 0, EVERYTHING, limit);
    if (page.length === 0) return all;
    assert.ok(page.length <= limit);
    all.push(...page.map((each) => ({ ...each, body: Buffer.from(each.body) })));
  }
}

/** A lock that another process has is waited for, as one that was just released may be. */
export async function frozen(source: MigrationSource): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await source.freeze())) assert.ok(performance.now() < end, 'it is never frozen');
}

/** Whether a store can be opened, and takes a message. */
export async function takes(engine: AdminEngine): Promise<boolean> {
  let store: Store;
  try {
    store = await engine.open();
  } catch {
    return false;
  }
  const outcomes = await store.append([message()]);
  await store.close();
  return !('unavailable' in outcomes);
}

export const EVERYTHING = Number.MAX_SAFE_INTEGER;
