// A test of these tests: a service with a bug put in on purpose must not get past them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { temporaryDirectory } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { fuzz } from './fuzz.ts';
import { killRounds } from './kill-rounds.ts';
import { mutant } from './mutant.ts';
import { assertOutcomes } from './outcomes.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { buildShim, Disk } from './shim.ts';

const built = buildShim({ after });

const BUGS: readonly (readonly [name: string, file: string, before: string, changed: string])[] = [
  [
    'synchronous=OFF',
    'storage/sqlite/file/connection.ts',
    `requirePragma(database, 'synchronous', 'FULL', 2)`,
    `requirePragma(database, 'synchronous', 'OFF', 0)`,
  ],
  [
    'the answer before the commit',
    'storage/append-queue.ts',
    `      this.#waiting.push({ messages: messages.length, units, settle });\n`,
    `      settle(messages.map(() => 'created'));\n      this.#waiting.push({ messages: messages.length, units, settle });\n`,
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
      await assert.rejects(cutPower(t, records, records.length), /lost when the power is cut/);
    });
  }

  it('a delivery that is stored in parts, by kills', async (t) => {
    const main = mutant(
      t,
      'ingest/receive-delivery.ts',
      'const stored = await store.append(items);',
      'await store.append(items.slice(0, -1));\n  const stored = await store.append(items);',
    );
    const killed = killRounds(t, { rounds: 4, load: { msMax: 400 }, life: 'parts', main });
    await assert.rejects(killed, /was stored in parts/);
  });

  it('the outcomes of a batch in another order, by the log', async (t) => {
    const main = mutant(
      t,
      'storage/sqlite/write/writer.ts',
      '? { appended: { failure, outcomes: codes, ...inserted }, outcomes }',
      '? { appended: { failure, outcomes: codes.reverse(), ...inserted }, outcomes }',
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
      'storage/sqlite/write/writer.ts',
      '? { appended: { failure, outcomes: codes, ...inserted }, outcomes }',
      '|| true ? { appended: { failure: null, outcomes: codes, ...inserted }, outcomes }',
    );
    const fault = DISK_FAULTS['writes fail (EIO)'];
    assert.ok(fault);
    await assert.rejects(surviveFault(t, built.library, fault, { main }), /are lost/);
  });

  it('a failure of ours for one kind of body, by generated requests', async (t) => {
    const main = mutant(
      t,
      'ingest/json.ts',
      `if (!isUtf8(bytes)) return { reason: 'body is not valid UTF-8', position: 0 };`,
      `if (!isUtf8(bytes)) throw new Error('not UTF-8');`,
    );
    const service = await startService(t, { main });
    await assert.rejects(fuzz(t, service, 10_000, 1), (error: Error) =>
      /status 500/.test(String(error.cause)),
    );
  });
});
