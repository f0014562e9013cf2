// Every command of the README and of the API page is run as it stands there, against a real service.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bounded } from './support/bounded.ts';
import { endAfter, temporaryDirectory } from './support/cleanup.ts';
import { type Block, blocksOf, page } from './support/markdown.ts';
import { startService } from './support/service.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['README.md', 'docs/reference/api.md'];
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

/** Targets of make: those of Docker, and those that install. Other commands of a block are run. */
const isMake = ({ text }: Block): boolean => /(^|\s)make /m.test(text);

/** Whether a block is the output of the one before: at most a sentence stands between them. */
const isOutput = ({ language, before }: Block): boolean =>
  language !== 'sh' && !/^(#|- |\|)/m.test(before);

interface Step {
  readonly command: string;
  /** What the page shows as its output, where it does. */
  readonly shown: Block | null;
}

function stepsOf(path: string): Step[] {
  const blocks = blocksOf(page(path));
  return blocks.flatMap((block, at) => {
    if (block.language !== 'sh' || isMake(block)) return [];
    const next = blocks[at + 1];
    return [{ command: block.text, shown: next !== undefined && isOutput(next) ? next : null }];
  });
}

/** Runs the steps in one shell, which ends at the first command that fails. Resolves to the output of each. */
async function run(t: TestContext, steps: readonly Step[], url: string): Promise<string[]> {
  const directory = temporaryDirectory(t);
  // npx finds the command in the package that it is called in.
  for (const name of ['package.json', 'node_modules', 'app'])
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
function assertShown(output: string, shown: Block): void {
  if (shown.language !== 'json') {
    assert.ok(output.includes(shown.text.trim()), `${shown.text} in ${output}`);
    return;
  }
  // The last JSON value of the output: one line of curl, or the many of jq.
  const start = Math.max(output.lastIndexOf('\n{\n') + 1, output.trimEnd().lastIndexOf('\n{"') + 1);
  assert.deepEqual(JSON.parse(output.slice(start)), JSON.parse(shown.text));
}

const missing = PROGRAMS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
const skip = missing.length > 0 && `this machine has no ${missing.join(', ')}`;

describe('the commands of', () => {
  for (const path of PAGES)
    it(`${path} run, and print what it shows`, { skip }, async (t) => {
      const service = await startService(t, { env: { WEBHOOK_SECRET: 'testsecret' } });
      const steps = stepsOf(path);
      const outputs = await run(t, steps, `http://127.0.0.1:${service.port}`);
      assert.equal(outputs.length, steps.length);
      const shown = steps.map((step, at) => ({ ...step, output: outputs[at] ?? '' }));
      assert.ok(shown.filter((step) => step.shown !== null).length >= 3);
      for (const step of shown) if (step.shown !== null) assertShown(step.output, step.shown);
    });

  it('make in README.md are targets of the Makefile', () => {
    const named = [...page('README.md').matchAll(/(?<![\w-])make ([a-z]+)/g)].map(
      ([, name]) => name,
    );
    const targets = [...page('Makefile').matchAll(/^([a-z]+):/gm)].map(([, name]) => name);
    for (const name of ['run', 'up', 'down', 'logs', 'test']) assert.ok(named.includes(name), name);
    // "npm and make." and the like are no commands.
    assert.deepEqual(
      named.filter((name) => !targets.includes(name)),
      [],
    );
  });
});
