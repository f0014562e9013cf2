// docs/reference/cli.md against `--help` of each command: commands, arguments, options, defaults, in both directions.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { oncebox } from '../cli/oncebox.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { hasTable, page, sectionsOf, tableOf } from '../support/markdown.ts';

const sections = sectionsOf(page('docs/reference/cli.md'));

/** The options of a help text with their defaults, but for --help, which every command has. */
function optionsIn(help: string): string[] {
  const text = help.split(/^Options:\n/m)[1]?.split(/^(?:Examples|Commands):\n/m)[0] ?? '';
  // A long entry goes on in lines that are indented further.
  return text
    .replaceAll(/\n {3,}(?=\S)/g, ' ')
    .split('\n')
    .map((line) => /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line))
    .filter((match) => match !== null && match[1] !== '-h, --help')
    .map((match) => {
      const initial = /\((?:choices: [^)]*, )?default: ([^)]*)\)$/.exec(match?.[2] ?? '')?.[1];
      return `${match?.[1]} = ${initial?.replaceAll('"', '') ?? ''}`;
    });
}

/** The words of a heading that name a command: without `oncebox`, and without arguments. */
function wordsOf(heading: string): string[] {
  return heading
    .split(' ')
    .slice(1)
    .filter((word) => /^[a-z]/.test(word));
}

/** The commands that a help text lists, each with the words before it. */
async function listed(t: Cleaner, before: readonly string[]): Promise<string[]> {
  const { code, stdout } = await oncebox(t, ['help', ...before]);
  assert.equal(code, 0);
  const [, list = ''] = stdout.split(/^(?:Commands|Examples):\n/m);
  return [...list.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help')
    .map((name) => [...before, name].join(' '));
}

it('the page has exactly the commands that `oncebox help` and `oncebox help forward` list', async (t) => {
  const told = [...sections.keys()].map((heading) => wordsOf(heading).join(' '));
  const all = [...(await listed(t, [])), ...(await listed(t, ['forward']))];
  assert.deepEqual(told.toSorted(), all.toSorted());
});

for (const [heading, section] of sections) {
  it(`the page has exactly the arguments and options of ${heading}`, async (t) => {
    const { code, stdout } = await oncebox(t, [...wordsOf(heading), '--help']);
    assert.equal(code, 0);
    const [, usage = ''] = /^Usage: (.*)$/m.exec(stdout) ?? [];
    assert.equal(heading, usage.replace(' [options]', '').replace(' [command]', ''));
    const told = hasTable(section, 'option')
      ? tableOf(section, 'option').map((row) => `${row['option']} = ${row['default']}`)
      : [];
    assert.deepEqual(told.toSorted(), optionsIn(stdout).toSorted());
  });
}
