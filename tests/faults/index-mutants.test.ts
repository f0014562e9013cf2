// A test of the tests of the index: a bug that is put into it on purpose does not get past them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, it } from 'node:test';
import { endAfter, temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Options } from '../support/service.ts';
import { statsIn } from '../support/shapes.ts';
import { mutant, mutateAlso } from './mutant.ts';
import { cutPower, recordRun } from './power-cuts.ts';
import { Disk, buildShim } from './shim.ts';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const INDEX = 'storage/sqlite/index/';

interface Bug {
  readonly name: string;
  readonly file: string;
  readonly before: string;
  readonly changed: string;
  /** The suite that catches it, and which of its tests. */
  readonly suite: string;
  readonly test: string;
}

const BUGS: readonly Bug[] = [
  {
    name: 'removals that are not followed are not taken off the lists',
    file: 'storage/sqlite/read/tail.ts',
    before: 'index.listedSeq === 0 || index.removals === main.removals',
    changed: 'index.listedSeq >= 0',
    suite: 'unit/index.test.ts',
    test: 'far more messages',
  },
  {
    name: 'removals that were missed do not matter',
    file: `${INDEX}indexer.ts`,
    before: '!isIndexOfThisDatabase || (listed && index.removals < main.purgedRemovals)',
    changed: '!isIndexOfThisDatabase',
    suite: 'unit/index-epochs.test.ts',
    test: 'missed removals',
  },
  {
    name: 'every index is that of the database',
    file: `${INDEX}state.ts`,
    before: 'isIndexOfThisDatabase: row[9] === 1 || listedSeq === 0',
    changed: 'isIndexOfThisDatabase: true',
    suite: 'faults/index-file.test.ts',
    test: 'ahead of the database',
  },
  {
    name: 'a file and its log always belong together',
    file: `${INDEX}wal-consistency.ts`,
    before: 'if (before === null || file === null || after === null) return false;',
    changed: 'return true;',
    suite: 'unit/index-wal.test.ts',
    test: 'an older file',
  },
  {
    name: 'a segment is not counted',
    file: `${INDEX}list-filler.ts`,
    before: 'WHERE b.source = ?2 GROUP BY 1`',
    changed: 'WHERE b.source = ?2 GROUP BY 1 HAVING segment > 1`',
    suite: 'unit/index.test.ts',
    test: 'far more messages',
  },
  {
    name: 'search says that it has what the lists have',
    file: `${INDEX}indexer.ts`,
    before: 'this.#advance({ listedSeq: end, removals,',
    changed: 'this.#advance({ searchedSeq: end, listedSeq: end, removals,',
    suite: 'unit/index.test.ts',
    test: 'after any operations',
  },
];

/** Runs tests in the mutant's copy of the tree. Returns their exit code and output. */
async function runSuite(
  t: Cleaner,
  main: string,
  { suite, test }: Bug,
): Promise<{ code: unknown; output: string }> {
  const root = dirname(dirname(main));
  cpSync(TESTS, join(root, 'tests'), { recursive: true });
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  // One suite: a process of its own for each file of it would only take longer.
  const args = [
    '--test',
    '--test-isolation=none',
    `--test-name-pattern=${test}`,
    join(root, 'tests', suite),
  ];
  const child = spawn(process.execPath, args, {
    env: { PATH, NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endAfter(t, child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, output };
}

/** Reads the figures beside posts: the counts of the senders and the total are of one moment. */
async function assertOneMoment(t: Cleaner, options: Options, reads: number): Promise<void> {
  const service = await startService(t, options);
  const state = { done: false };
  const posting = (async () => {
    while (!state.done) await service.store(message({ from: '+11' }), message({ from: '+12' }));
  })();
  try {
    for (let read = 0; read < reads; read += 1) {
      const stats = statsIn((await service.get('/stats')).json());
      const sum = stats.messages_per_sender.reduce((total, { count }) => total + count, 0);
      assert.equal(sum, stats.total_messages, 'the counts of the senders and the total');
    }
  } finally {
    state.done = true;
    await posting;
  }
}

const built = buildShim({ after });
const READS = 300;

describe('the index with a bug is caught:', { concurrency: 2 }, () => {
  for (const bug of BUGS) {
    it(bug.name, async (t) => {
      const { code, output } = await runSuite(t, mutant(t, bug.file, bug.before, bug.changed), bug);
      assert.equal(code, 1, output);
      assert.match(output, /✖|not ok/);
      assert.match(output, /AssertionError|Property failed|IndexUnusable|gave up waiting/);
    });
  }

  it('a watermark that is written before its batch, by a power cut', async (t) => {
    if ('reason' in built) return t.skip(built.reason);
    const main = mutant(
      t,
      `${INDEX}indexer.ts`,
      'const added = addBatch(this.#database, messages);',
      `this.#advance({ listedSeq: end, removals });
        change(this.#database, 'COMMIT');
        change(this.#database, 'BEGIN');
        const added = addBatch(this.#database, messages);`,
    );
    const disk = new Disk(t, built.library, temporaryDirectory(t));
    const records = await recordRun(t, disk, 30, { main });
    await assert.rejects(cutPower(t, records, records.length), /the index when the power is cut/);
  });

  it('the state of the database before that of the index, by figures beside posts', async (t) => {
    await assertOneMoment(t, {}, READS);
    const main = mutant(
      t,
      `${INDEX}state.ts`,
      'preparedArrays(database, `SELECT 1 FROM ${index}.state`).get();',
      `preparedArrays(database, \`SELECT 1 FROM \${main}.counters\`).get();
       if (main === 'main') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);`,
    );
    // An index that is ahead is taken for another database's, and done without: this copy does not check.
    mutateAlso(
      main,
      `${INDEX}state.ts`,
      'isIndexOfThisDatabase: row[9] === 1 || listedSeq === 0',
      'isIndexOfThisDatabase: true',
    );
    await assert.rejects(assertOneMoment(t, { main }, READS), /counts of the senders/);
  });
});
