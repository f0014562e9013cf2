// Runs the commands that a page of the project shows, as they stand there, and holds their output against what it shows.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bounded } from './bounded.ts';
import { endAfter, temporaryDirectory } from './cleanup.ts';
import { type Block, blocksOf, page } from './markdown.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the pages say that the service is. */
const ADDRESS = 'http://localhost:8000';
const PROGRAMS = ['curl', 'openssl', 'jq'];
/** Printed between the outputs of two blocks. */
const END = '--- end of block ---';
/** A stream has no end of its own: the first events will do, and that it was cut off is right. */
const CURL = `curl() {
  case "$*" in
    *-N*) command curl --silent --max-time 2 "$@" || test $? = 28 ;;
    *) command curl "$@" ;;
  esac
}`;

/** Targets of make: those of Docker, and those that install. */
const isMake = ({ text }: Block): boolean => /(^|\s)make /m.test(text);

/** Whether a block is the output of the one before: at most a sentence stands between them. */
const isOutput = ({ language, before }: Block): boolean =>
  language !== 'sh' && !/^(#|- |\|)/m.test(before);

export interface Step {
  readonly command: string;
  /** What the page shows as its output, where it does. */
  readonly shown: Block | null;
}

/** The commands of a page, but for those of make, or those that `left` names. */
export function stepsOf(path: string, left: (block: Block) => boolean = isMake): Step[] {
  const blocks = blocksOf(page(path));
  return blocks.flatMap((block, at) => {
    if (block.language !== 'sh' || left(block)) return [];
    const next = blocks[at + 1];
    return [{ command: block.text, shown: next !== undefined && isOutput(next) ? next : null }];
  });
}

/** The settings in front of `make run` in the first block of a page. */
export function settingsOf(path: string): Record<string, string> {
  const [first] = blocksOf(page(path));
  assert.match(first?.text ?? '', /^make run$/m);
  const settings = [...(first?.text ?? '').matchAll(/^([A-Z_]+)=(.*) \\$/gm)];
  return Object.fromEntries(settings.map(([, name = '', value = '']) => [name, value]));
}

/** Runs the steps in one shell, which ends at the first command that fails. Resolves to the output of each. */
export async function run(t: TestContext, steps: readonly Step[], url: string): Promise<string[]> {
  const directory = temporaryDirectory(t);
  // npx finds the command in the package that it is called in.
  for (const name of ['package.json', 'node_modules', 'scripts', 'app'])
    symlinkSync(join(ROOT, name), join(directory, name));
  const script = steps.map(({ command }) => `${command}\necho\necho '${END}'`).join('\n');
  const shell = spawn('sh', ['-eu', '-c', `${CURL}\n${script.replaceAll(ADDRESS, url)}`], {
    cwd: directory,
    env: {
      PATH: `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
      HOME: directory,
      npm_config_offline: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endAfter(t, shell);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    shell[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  const ended = new Promise<number | null>((resolve) => {
    shell.once('close', resolve);
  });
  const code = await bounded(ended, () => `the end of the commands: ${written.stdout}`);
  assert.equal(code, 0, `${written.stdout}${written.stderr}`);
  return written.stdout.split(`${END}\n`).slice(0, -1);
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

const missing = PROGRAMS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
/** Why the commands cannot be run on this machine; false where they can. */
export const skip = missing.length > 0 && `this machine has no ${missing.join(', ')}`;
