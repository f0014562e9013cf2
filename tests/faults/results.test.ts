// The file of results: runs that write to it at once lose nothing, and it adds up by commit.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/cleanup.ts';
import { sumOf } from './results.ts';

const MODULE = fileURLToPath(new URL('results.ts', import.meta.url));
const ADDS = 300;
const RUN = `
  import { Results } from ${JSON.stringify(MODULE)};
  const results = new Results(process.argv[1], process.argv[2]);
  for (let add = 0; add < ${ADDS}; add += 1) results.add({ kills: 1, cuts: 2 });
`;

it('three runs at once: the file has all of them, under their commit', async (t) => {
  const path = join(temporaryDirectory(t), 'results');
  const run = promisify(execFile);
  const commands = ['one', 'two', 'three'];
  await Promise.all(
    commands.map((command) =>
      run(process.execPath, ['--input-type=module', '--eval', RUN, command, path]),
    ),
  );
  const { commits, sum } = sumOf(path);
  assert.deepEqual([sum.kills, sum.cuts, sum.failures], [3 * ADDS, 6 * ADDS, 0]);
  const [own, ...others] = commits;
  assert.deepEqual(others, []);
  assert.deepEqual(new Set(own?.commands), new Set(commands));
  assert.deepEqual(own?.figures, sum);
  assert.ok(own.from <= own.to);
});

it('runs of another commit, and of a tree that differs from its commit, are apart', (t) => {
  const path = join(temporaryDirectory(t), 'results');
  for (const [commit, dirty, kills] of [
    ['abc', false, 1],
    ['abc', true, 2],
    ['def', false, 4],
    ['abc', false, 8],
  ] as const) {
    const entry = { run: 'r', at: '2026-01-15T10:00:00Z', commit, dirty, command: 'c' };
    appendFileSync(path, `${JSON.stringify({ ...entry, figures: { kills } })}\n`);
  }
  const { commits, sum } = sumOf(path);
  assert.equal(sum.kills, 15);
  assert.deepEqual(
    commits.map(({ commit, dirty, figures }) => [commit, dirty, figures.kills]),
    [
      ['abc', false, 9],
      ['abc', true, 2],
      ['def', false, 4],
    ],
  );
});
