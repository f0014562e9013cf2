// Copies destinations, and what they have not finished, while nobody writes; and compares the copy.
import type { MigratedForward, MigrationSource, MigrationTarget } from '../../storage/migration.ts';
import { CommandError } from '../exit.ts';

const CHUNK_ROWS = 5_000;

/** Copies all of them anew, so that what an interrupted migration left does not matter. `pause` is called after each step. */
export async function copyForwards(
  source: MigrationSource,
  target: MigrationTarget,
  pause: () => Promise<void>,
): Promise<{ readonly forwards: number; readonly unfinished: number }> {
  const forwards = await source.forwards();
  await target.storeForwards(forwards);
  let unfinished = 0;
  for (const forward of forwards) unfinished += await copyRows(source, target, forward, pause);
  assertEqual(await target.forwards(), forwards);
  return { forwards: forwards.length, unfinished };
}

async function copyRows(
  source: MigrationSource,
  target: MigrationTarget,
  forward: MigratedForward,
  pause: () => Promise<void>,
): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const rows = await source.unfinished(forward.name, after, CHUNK_ROWS);
    const last = rows.at(-1);
    if (last !== undefined) await target.storeUnfinished(forward, rows);
    assertEqual(await target.unfinished(forward.name, after, CHUNK_ROWS), rows);
    if (last === undefined) return count;
    count += rows.length;
    after = last.seq;
    await pause();
  }
}

/** Both have the members of their entries in the same order. */
function assertEqual(copy: readonly object[], original: readonly object[]): void {
  if (JSON.stringify(copy) !== JSON.stringify(original))
    throw new CommandError(
      'source and target have other positions of destinations: remove the target, and begin again',
    );
}
