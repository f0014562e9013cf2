// A database with young and old messages, and its index: what the tests of removals start from.
import { join } from 'node:path';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import type { Scene, Prepared } from './index-scene.ts';
import { prepare } from './index-scene.ts';

export const MESSAGES = 3_000;
/** One message in so many is old. */
export const OLD_EVERY = 4;
export const RETAINED = { RETENTION_DAYS: '30' };
const DAY_MS = 86_400_000;
export const YOUNG = `${new Date(Date.now() - DAY_MS).toISOString().slice(0, 19)}Z`;
export const OLD = '2025-01-15T10:00:00Z';
export const BETWEEN = '2025-06-01T00:00:00Z';

/** Makes the database once for the tests of a file, in a directory that outlives the call. */
export function prepareOldAndYoung(t: Cleaner, directory: string): Promise<Prepared> {
  return prepare(t, directory, MESSAGES, (place) => ({
    ts: place % OLD_EVERY === 0 ? OLD : YOUNG,
  }));
}

/** Takes the old messages out of what the scene expects. */
export function forgetOld(scene: Scene): void {
  for (const [id, { ts }] of scene.stored) if (ts < BETWEEN) scene.stored.delete(id);
}

/** Returns how many rows a table of the database has. */
export const countOf = (scene: Scene, table: string): number =>
  Number(query(join(scene.directory, 'app.db'), `SELECT count(*) AS n FROM ${table}`)[0]?.['n']);

/** Resolves when retention has removed every old message. */
export async function removed(scene: Scene): Promise<void> {
  const young = [...scene.stored.values()].filter(({ ts }) => ts !== OLD).length;
  await eventually(
    'the end of what is old',
    () => countOf(scene, 'messages') === young || undefined,
  );
  // Until its run has ended, old messages that are posted now would go with them.
  await scene.service.output.line(
    'the end of the run',
    ({ event, reason }) => event === 'pruned' && reason === undefined,
  );
  forgetOld(scene);
}
