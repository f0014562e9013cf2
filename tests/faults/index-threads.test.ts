// The indexer's thread killed, stuck, or dying at every step: posts and reads go on, another thread takes over, nothing is counted twice.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { query } from '../support/database.ts';
import { Scene, prepare } from './index-scene.ts';
import type { Prepared } from './index-scene.ts';
import { mutant, mutateAlso } from './mutant.ts';

const INDEXER = 'storage/sqlite/index/indexer.ts';
const LIMITS = 'storage/sqlite/file/limits.ts';
/** Removals that the index may lack before retention waits, and what one step of it removes. */
const REMOVALS_AHEAD_MAX = 1_024;
const REMOVAL_STEP = 64;
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
});

it('an older file is copied over the index while the indexer works: it is built again', async (t) => {
  const step = 'const step = pace.timed(';
  const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);';
  const thread = 'storage/sqlite/index/indexer-thread.ts';
  const main = mutant(t, thread, step, `${wait}\n${step}`);
  const scene = new Scene(t, prepared);
  await scene.start({ main });
  await scene.live(300);
  await scene.healed();
  // What is left then is to copy the log into the file, and the pause before it is most of the time.
  await scene.indexed();
  scene.take(join(prepared.directory, 'app.db-index'));
  await scene.service.output.line('that', ({ event }) => event === 'index_damaged');
  await scene.healed();
  await scene.end();
});

/** In the thread itself: it never returns. */
const STUCK = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
/** A place that every batch of the index passes. */
const COMMITTED = "      work();\n      change(this.#database, 'COMMIT');";

describe('the indexer is stuck for good', { concurrency: 2 }, () => {
  it('and nothing waits for it', async (t) => {
    const main = mutant(t, INDEXER, COMMITTED, `${COMMITTED}\n      ${STUCK}`);
    const scene = new Scene(t, prepared);
    await scene.start({ main });
    for (let turn = 0; turn < 6; turn += 1) assert.equal(await scene.live(), 0);
    await scene.stop('SIGKILL');
    await scene.start();
    await scene.live();
    await scene.healed();
    await scene.end();
  });

  it('and far behind: commits are slowed down, and go on', async (t) => {
    const backlogMax = 'LIST_BACKLOG_MESSAGES_MAX = 32_768;';
    const main = mutant(t, LIMITS, backlogMax, 'LIST_BACKLOG_MESSAGES_MAX = 4;');
    const scene = new Scene(t, prepared);
    const path = join(scene.directory, 'app.db');
    const last = Number(query(path, 'SELECT max(seq) AS n FROM messages')[0]?.['n']);
    const lists = 'const added = addBatch(';
    // Commits wait for an indexer only once it has caught up.
    mutateAlso(main, INDEXER, lists, `if (index.listedSeq > ${last}) ${STUCK}\n        ${lists}`);
    await scene.start({ main });
    await scene.post(1);
    await scene.healed();
    await scene.post(8);
    const startMs = performance.now();
    for (let turn = 0; turn < 10; turn += 1) await scene.post(1);
    // From twice the limit on each commit but the last one keeps the next waiting for 100 ms.
    assert.ok(performance.now() - startMs >= 8 * 100);
    await scene.stop('SIGKILL');
  });

  it('and behind by the removals it may lack: retention waits for it', async (t) => {
    const removes = 'const emptied = removeAll(';
    const main = mutant(t, INDEXER, removes, `${STUCK}\n        ${removes}`);
    const scene = new Scene(t, prepared);
    const path = join(scene.directory, 'app.db');
    const removed = (): number =>
      Number(query(path, 'SELECT count(*) AS n FROM removals')[0]?.['n']);
    await scene.start({ main, env: { RETENTION_DAYS: '30' } });
    await eventually('the limit', () => removed() > REMOVALS_AHEAD_MAX || undefined);
    await sleep(1_000);
    assert.ok(removed() <= REMOVALS_AHEAD_MAX + REMOVAL_STEP, String(removed()));
    await scene.stop('SIGKILL');
  });
});
