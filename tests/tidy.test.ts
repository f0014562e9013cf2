// The rules of the project that no linter knows: what a file may look like, and that the pages speak of what is there.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LINES_MAX = 260;
/** Names that say nothing about what is inside. */
const VAGUE = /(^|[/_.-])(utils?|helpers?|common|misc)([/_.-]|$)/i;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const find = (pattern: string): string[] =>
  globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted();

const sources = find('{app,bench,scripts,tests,web}/**/*.{ts,tsx,mjs}');

describe('a source file', () => {
  it('is found at all', () => {
    for (const path of ['app/main.ts', 'tests/tidy.test.ts', 'scripts/install.mjs'])
      assert.ok(sources.includes(path), path);
  });

  it('opens with one line that says what it is for', () => {
    const wrong = sources.filter((path) => {
      const [first = '', second = ''] = read(path)
        .replace(/^#!.*\n/, '')
        .split('\n');
      return !/^\/\/ \S.{10,}[.?]$/.test(first) || second.startsWith('//');
    });
    assert.deepEqual(wrong, []);
  });

  it(`has at most ${LINES_MAX} lines`, () => {
    const long = sources.filter((path) => read(path).trimEnd().split('\n').length > LINES_MAX);
    assert.deepEqual(long, []);
  });

  it('has a name that says something', () => {
    assert.deepEqual(
      sources.filter((path) => VAGUE.test(path)),
      [],
    );
  });

  it('switches no check off', () => {
    const off = /(?:oxlint|eslint|prettier)-(?:disable|ignore)|@ts-(?:ignore|expect-error|nocheck)/;
    const mine = 'tests/tidy.test.ts';
    assert.deepEqual(
      sources.filter((path) => path !== mine && off.test(read(path))),
      [],
    );
  });
});

describe('a page', () => {
  const pages = find('{*,docs/**/*}.md');

  it('links only to what is there', () => {
    assert.ok(pages.includes('README.md'));
    const links = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => ({ page, link })),
    );
    assert.deepEqual(
      links.filter(({ page, link }) => !existsSync(join(ROOT, dirname(page), link))),
      [],
    );
  });

  it('links only to headings that are there', () => {
    const links = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?![a-z]+:)([^)#\s]*)#([^)\s]+)\)/g)].map(
        ([, path = '', heading = '']) => ({
          page,
          target: path === '' ? page : join(dirname(page), path),
          heading,
        }),
      ),
    );
    assert.ok(links.length > 20);
    assert.deepEqual(
      links.filter(({ target, heading }) => !anchorsOf(read(target)).includes(heading)),
      [],
    );
  });
});

describe('docs/ARCHITECTURE.md', () => {
  const page = read('docs/ARCHITECTURE.md');

  it('names only files and folders that exist', () => {
    const named = [...page.matchAll(/`([^`\s]+)`/g)].map(([, token = '']) => token);
    const paths = named.filter(isPath);
    assert.ok(paths.length >= 10, `only ${paths.length} paths were found in it`);
    assert.deepEqual(
      paths.filter((path) => !isThere(path)),
      [],
    );
  });

  it('names every folder of app/', () => {
    const folders = find('app/**/').map((path) => path.replace(/\/$/, ''));
    const missing = folders.filter(
      (path) => path !== 'app' && !page.includes(`${basename(path)}/`),
    );
    assert.deepEqual(missing, []);
  });

  it('or the list of decisions links every decision', () => {
    const list = 'docs/decisions/README.md';
    const pages = page + (existsSync(join(ROOT, list)) ? read(list) : '');
    const decisions = find('docs/decisions/[0-9]*.md').map((path) => basename(path));
    assert.deepEqual(
      decisions.filter((name) => !pages.includes(`${name})`)),
      [],
    );
  });
});

/** The anchors of the headings of a page, as GitHub names them. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Whether a word of a page, set as code, means a place in this tree: not a route, a pattern or a media type. */
function isPath(word: string): boolean {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(word)) return false;
  if (/^(application|text|data|node_modules|dist)\//.test(word)) return false;
  return word.includes('/') || /\.(ts|tsx|mjs|md|json|yml|sql)$/.test(word);
}

/** Whether a path is there: from the root, inside app/, or as the name of a file somewhere. */
function isThere(path: string): boolean {
  if (existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'app', path))) return true;
  return !path.includes('/') && find(`**/${path}`).length > 0;
}

describe('the image', () => {
  it('copies only what .dockerignore lets into its build', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = read('Dockerfile')
      .split('\n')
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    assert.ok(copied.length > 3);
    assert.deepEqual(
      copied.filter((path) => !allowed.some((name) => `${path}/`.startsWith(`${name}/`))),
      [],
    );
  });
});
