// The indexer's thread killed, stuck, or dying at every step: posts and reads go on, another thread takes over, nothing is counted twice.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { Scene, prepare } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';
import { mutant } from './mutant.ts';

const INDEXER = 'storage/sqlite/index/indexer.ts';
/** Counts in the thread itself: each new one dies at the same place. */
const dies = (every: number): string =>
  `globalThis.steps = (globalThis.steps ?? 0) + 1; if (globalThis.steps % ${every} === 0) process.exit(3);`;

const suite: Cleaner = { after };
const directory = temporaryDirectory(suite);
let prepared: Prepared;
before(async () => {
  prepared = await prepare(suite, directory);
});

/** Where it dies, in the words of the source. */
const DEATHS: Readonly<Record<string, readonly [before: string, changed: string]>> = {
  'before it reads a batch': [
    "change(this.#database, 'BEGIN');\n    try {\n      return work();",
    `change(this.#database, 'BEGIN');\n    try {\n      ${dies(3)}\n      return work();`,
  ],
  'before it commits one': [
    "      work();\n      change(this.#database, 'COMMIT');",
    `      work();\n      ${dies(2)}\n      change(this.#database, 'COMMIT');`,
  ],
  'after it has committed one': [
    "      work();\n      change(this.#database, 'COMMIT');",
    `      work();\n      change(this.#database, 'COMMIT');\n      ${dies(2)}`,
  ],
  'after it has copied its log': [
    '    return pages;\n  }',
    `    ${dies(3)}\n    return pages;\n  }`,
  ],
};

describe('the indexer dies', { concurrency: 2 }, () => {
  for (const [name, [found, changed]] of Object.entries(DEATHS)) {
    for (const anew of [false, true]) {
      it(`${name}${anew ? ', of an index that is built' : ''}`, async (t) => {
        const main = mutant(t, INDEXER, found, changed);
        const scene = new Scene(t, prepared);
        if (anew) rmSync(scene.index);
        await scene.start({ main });
        await eventually('two deaths', async () => {
          await scene.live();
          const lines = scene.service.output.lines();
          return lines.filter(({ event }) => event === 'index_failed').length > 1 || undefined;
        });
        await scene.stop();
        await scene.assertSound();
        await scene.start();
        await scene.live();
        await scene.healed();
        await scene.end();
      });
    }
  }

  it('after it has deleted an index of another database', async (t) => {
    const scene = new Scene(t, prepared);
    const main = mutant(
      t,
      INDEXER,
      '    deleteIndex(this.#path);\n',
      `    deleteIndex(this.#path);\n    ${dies(1)}\n`,
    );
    const foreign = new Scene(t, prepared);
    rmSync(foreign.index);
    await foreign.start();
    await foreign.live();
    await foreign.healed();
    await foreign.stop();
    // One that names an epoch which this database never had.
    scene.take(foreign.index);
    await scene.start({ main });
    await scene.service.output.line('the death', ({ event }) => event === 'index_failed');
    await scene.live();
    await scene.healed();
    await scene.end();
  });

  it('stuck for seconds: nothing waits for it', async (t) => {
    const stuck = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);';
    const main = mutant(
      t,
      INDEXER,
      "      work();\n      change(this.#database, 'COMMIT');",
      `      work();\n      ${stuck}\n      change(this.#database, 'COMMIT');`,
    );
    const scene = new Scene(t, prepared);
    await scene.start({ main });
    for (let turn = 0; turn < 6; turn += 1) assert.equal(await scene.live(), 0);
    await scene.stop('SIGKILL');
    await scene.start();
    await scene.live();
    await scene.healed();
    await scene.end();
  });
});
