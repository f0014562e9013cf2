// A test of these tests: a service with a bug put in on purpose must not get past them.
import assert from 'node:assert/strict';
import { cpSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { assertOutcomes } from './outcomes.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { buildShim, Disk } from './shim.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const built = buildShim({ after });

/** Copies the service and puts one piece of it in place of another. Gives the file to run. */
function mutant(t: Cleaner, file: string, before: string, changed: string): string {
  const directory = temporaryDirectory(t);
  cpSync(join(ROOT, 'app'), join(directory, 'app'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const path = join(directory, 'app', file);
  const source = readFileSync(path, 'utf8');
  assert.equal(source.split(before).length, 2, `${file} must hold once: ${before}`);
  writeFileSync(
    path,
    source.replace(before, () => changed),
  );
  return join(directory, 'app', 'main.ts');
}

const BUGS: readonly (readonly [name: string, file: string, before: string, changed: string])[] = [
  [
    'synchronous=OFF',
    'storage/sqlite/connection.ts',
    `requirePragma(database, 'synchronous', 'FULL', 2)`,
    `requirePragma(database, 'synchronous', 'OFF', 0)`,
  ],
  [
    'the answer before the commit',
    'storage/sqlite/writer-queue.ts',
    `    this.#sent.push(...this.#parcel);\n`,
    `    for (const entry of this.#parcel) entry.settle('created');\n    this.#sent.push(...this.#parcel);\n`,
  ],
];

describe('a service with a bug is caught:', { concurrency: 2 }, () => {
  for (const [name, file, before, changed] of BUGS) {
    it(`${name}, by the order of syncs and answers, and by a power cut`, async (t) => {
      if ('reason' in built) {
        t.skip(built.reason);
        return;
      }
      const disk = new Disk(t, built.library, temporaryDirectory(t));
      const main = mutant(t, file, before, changed);
      const records = await recordRun(t, disk, 40, { main });
      assert.throws(() => assertSyncedBeforeAnswer(records), /was answered 200 before/);
      assert.throws(() => cutPower(t, records, records.length), /lost when the power is cut/);
    });
  }

  it('the outcomes of a batch in another order, by the log', async (t) => {
    const main = mutant(
      t,
      'storage/sqlite/writer.ts',
      'if (failure === null) return { outcomes, created, failure };',
      'if (failure === null) return { outcomes: outcomes.reverse(), created, failure };',
    );
    await assert.rejects(assertOutcomes(t, { main }), /was created (0|[0-9]{2,}|[2-9]) times/);
  });

  it('a failed batch that is not refused, by what is durable', async (t) => {
    if ('reason' in built) {
      t.skip(built.reason);
      return;
    }
    const main = mutant(
      t,
      'storage/sqlite/writer.ts',
      'outcomes: outcomes.fill(UNAVAILABLE)',
      'outcomes',
    );
    const fault = DISK_FAULTS['writes fail (EIO)'];
    assert.ok(fault);
    await assert.rejects(surviveFault(t, built.library, fault, { main }), /are lost/);
  });
});
