// The commands that the pages show: which of them a test runs, what they print, and which no test can run.
import assert from 'node:assert/strict';
import { type Block, blocksOf, page } from './markdown.ts';

/** A command that no test runs: the page, how its block begins, and why. */
interface Unrun {
  readonly page: string;
  readonly starts: string;
  readonly why: string;
}

const DOCKER = 'needs Docker';
const CLIENTS = 'needs psql, pg_dump and pg_restore, which no package of npm has';

/** All of them. tests/pages.test.ts finds blocks that are neither run nor here, and entries without a block. */
export const UNRUN: readonly Unrun[] = [
  { page: 'README.md', starts: 'WEBHOOK_SECRET=testsecret make up', why: DOCKER },
  {
    page: 'CONTRIBUTING.md',
    starts: 'rm -rf node_modules',
    why: 'downloads, and changes the tree',
  },
  {
    page: 'docs/operations.md',
    starts: 'echo "METRICS_TOKEN=',
    why: `${DOCKER}; tests/operations/compose.test.ts checks the files`,
  },
  { page: 'docs/operations.md', starts: 'docker buildx build', why: DOCKER },
  {
    page: 'docs/operations.md',
    starts: 'npm pack',
    why: 'installs into the home directory; tests/npm-package.test.ts installs into another',
  },
  {
    page: 'docs/postgres.md',
    starts: 'ONCEBOX_DB_PASSWORD=secret psql',
    why: `${CLIENTS}; tests/operations/replicas.test.ts runs the statements of roles.sql`,
  },
  {
    page: 'docs/postgres.md',
    starts: 'export WEBHOOK_SECRET=testsecret ONCEBOX_DB_PASSWORD=',
    why: `${DOCKER}; tests/operations/compose.test.ts checks the file`,
  },
  { page: 'docs/postgres.md', starts: 'pg_dump --format=custom', why: CLIENTS },
  { page: 'docs/postgres.md', starts: "psql -c 'CREATE DATABASE restored", why: CLIENTS },
  { page: 'docs/reference/logs.md', starts: 'docker compose logs', why: DOCKER },
];

/** Whether a block of a page is one of those. */
export function isUnrun(path: string, { text }: Block): boolean {
  return UNRUN.some(({ page: of, starts }) => of === path && text.startsWith(starts));
}

/** Whether a block is the output of the one before: at most a sentence stands between them. */
const isOutput = ({ language, before }: Block): boolean =>
  language !== 'sh' && !/^(#|- |\|)/m.test(before);

export interface Step {
  readonly command: string;
  /** What the page shows as its output, where it does. */
  readonly shown: Block | null;
}

/** The commands of a page that a test runs: all but those of UNRUN. */
export function stepsOf(path: string): Step[] {
  const blocks = blocksOf(page(path));
  return blocks.flatMap((block, at) => {
    if (block.language !== 'sh' || isUnrun(path, block)) return [];
    const next = blocks[at + 1];
    return [{ command: block.text, shown: next !== undefined && isOutput(next) ? next : null }];
  });
}

/** Whether a command starts the service, until Ctrl-C. */
export const isStart = ({ command }: Step): boolean =>
  /(?:^|\s)(?:make run|oncebox serve)(?:\s|$)/.test(command);

/** The settings that a command of a page makes. */
export function settingsIn(command: string): Record<string, string> {
  const settings = [...command.matchAll(/(?<!\S)([A-Z][A-Z_]*)=(\S*)/g)];
  return Object.fromEntries(settings.map(([, name = '', value = '']) => [name, value]));
}

/** Fails unless the output ends with what the page shows: JSON however it is laid out, else the text as it is. */
export function assertShown(output: string, shown: Block): void {
  if (shown.language !== 'json') {
    assert.ok(output.includes(shown.text.trim()), `${shown.text} in ${output}`);
    return;
  }
  // The last JSON value of the output: one line of curl, or the many of jq.
  const start = Math.max(output.lastIndexOf('\n{\n') + 1, output.trimEnd().lastIndexOf('\n{"') + 1);
  assert.deepEqual(JSON.parse(output.slice(start)), JSON.parse(shown.text));
}
