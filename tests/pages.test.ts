// Every command on every page is run by a test or named as one that none can run, and what the pages call is there.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { blocksOf, codeIn, hasTable, page, sectionsOf, tableOf } from './support/markdown.ts';
import { isUnrun, stepsOf, UNRUN } from './support/page-commands.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules/**'] })
  .map((path) => path.replaceAll('\\', '/'))
  // What is no more is named there, too.
  .filter((path) => path !== 'CHANGELOG.md')
  .toSorted();

/** The test that runs all commands of a page, by the page or its folder. */
const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'tests/readme.test.ts',
  'docs/reference/api.md': 'tests/readme.test.ts',
  'docs/forwarding.md': 'tests/forward/page.test.ts',
  'docs/operations.md': 'tests/operations/page.test.ts',
  'docs/postgres.md': 'tests/postgres/page.test.ts',
  'docs/providers': 'tests/sources/provider-pages.test.ts',
};

/** Programs by which a line is known for a command. */
const COMMAND =
  /^(?:[A-Z_]+=\S* )*(?:cat|cd|cp|curl|docker|export|git|kill|kubectl|make|mkdir|node|npm|npx|oncebox|openssl|pg_\w+|pkill|printf|psql|rm|systemctl)\s/m;

/** The code of a page: its blocks, and what is marked as code in its text. */
function codeOf(path: string): string {
  const text = page(path);
  const blocks = blocksOf(text).map((block) => block.text);
  return [...blocks, ...codeIn(text.replaceAll(/^```[\s\S]*?^```$/gm, ''))].join('\n');
}

const matches = (pattern: RegExp): { path: string; match: RegExpMatchArray }[] =>
  PAGES.flatMap((path) => [...codeOf(path).matchAll(pattern)].map((match) => ({ path, match })));

describe('a command on a page', () => {
  it('is run by a test, unless none can', () => {
    const withCommands = PAGES.filter((path) => stepsOf(path).length > 0);
    assert.ok(withCommands.length > 10);
    const notRun = withCommands.filter((path) => !(path in RUN_BY) && !(dirname(path) in RUN_BY));
    assert.deepEqual(notRun, []);
    for (const [of, test] of Object.entries(RUN_BY))
      assert.ok(readFileSync(join(ROOT, test), 'utf8').includes(`'${of}'`), `${test} runs ${of}`);
  });

  it('that none can run is there, and the reason too', () => {
    for (const entry of UNRUN) {
      const blocks = blocksOf(page(entry.page)).filter(({ text }) => text.startsWith(entry.starts));
      assert.equal(blocks.length, 1, `${entry.page}: ${entry.starts}`);
      assert.ok(entry.why.length > 10);
    }
  });

  it('is in a block that says so', () => {
    const others = PAGES.flatMap((path) =>
      blocksOf(page(path))
        .filter((block) => block.language !== 'sh' && !isUnrun(path, block))
        .filter(
          ({ language, text }) => /^(?:bash|shell|console)$/.test(language) || COMMAND.test(text),
        )
        .map(({ text }) => `${path}: ${text}`),
    );
    assert.deepEqual(others, []);
  });
});

describe('what a page calls is there:', () => {
  it('scripts of npm', () => {
    const { scripts } = JSON.parse(page('package.json')) as { scripts: Record<string, string> };
    const called = matches(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g);
    assert.ok(called.length > 10);
    assert.deepEqual(
      called
        .filter(({ match }) => !((match[1] ?? '') in scripts))
        .map(({ path, match }) => [path, match[0]]),
      [],
    );
  });

  it('targets of make', () => {
    const targets = [...page('Makefile').matchAll(/^([a-z]+):/gm)].map(([, name]) => name);
    const called = matches(/(?<![\w-])make ([a-z]+)/g);
    for (const name of ['run', 'up', 'down', 'logs', 'test', 'check'])
      assert.ok(
        called.some(({ match }) => match[1] === name),
        name,
      );
    assert.deepEqual(
      called
        .filter(({ match }) => !targets.includes(match[1]))
        .map(({ path, match }) => [path, match[0]]),
      [],
    );
  });

  it('files that Node runs', () => {
    const called = matches(/\bnode(?: --\S+)* "?([\w/.*-]+\.(?:ts|mjs))/g);
    assert.ok(called.length > 5);
    assert.deepEqual(
      called
        .filter(({ match }) => globSync(match[1] ?? '', { cwd: ROOT }).length === 0)
        .map(({ path, match }) => [path, match[0]]),
      [],
    );
  });

  it('commands of oncebox, with their options', () => {
    const options = new Map(
      [...sectionsOf(page('docs/reference/cli.md'))].map(([heading, section]) => [
        heading.replace(/^oncebox /, '').replace(/ [<[].*$/, ''),
        hasTable(section, 'option')
          ? tableOf(section, 'option').map((row) => row['option'] ?? '')
          : [],
      ]),
    );
    const called = matches(/\boncebox ((?:forward )?[a-z]+)\b([^\n|]*)/g).filter(
      ({ match }) => match[1] !== 'help' && match[1] !== 'forward',
    );
    assert.ok(called.length > 50);
    const wrong = called.flatMap(({ path, match }) => {
      const [line, command = '', rest = ''] = match;
      const known = options.get(command)?.join(' ').split(/[ ,]+/);
      const given = [...rest.replace(/ #.*/, '').matchAll(/(?<=\s)--[a-z-]+/g)].map(
        ([name]) => name,
      );
      const isKnown =
        known !== undefined && given.every((name) => known.includes(name) || name === '--help');
      return isKnown ? [] : [`${path}: ${line}`];
    });
    assert.deepEqual(wrong, []);
  });
});
