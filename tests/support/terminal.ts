// A terminal of a reader of the pages: commands are typed as they stand there, one after the other, and their output is read.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bounded } from './bounded.ts';
import { type Cleaner, endAfter, temporaryDirectory } from './cleanup.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = ['curl', 'openssl', 'jq'];
/** Printed when a command has ended. */
const END = '--- end of command ---';
/** A stream has no end of its own: the first events will do, and that it was cut off is right. */
const CURL = `curl() {
  case "$*" in
    *-N*) command curl --silent --max-time 2 "$@" || test $? = 28 ;;
    *) command curl "$@" ;;
  esac
}
`;

/** What stands on a page, and what it is on this machine: an address, a database, a directory. */
export type Replacements = readonly (readonly [string, string])[];

/** One shell: what a command sets, the next ones see. It ends at the first command that fails. */
export class Terminal {
  /** Where it works; it looks like the root of the tree to npx. */
  readonly directory: string;
  readonly #shell: ChildProcess;
  readonly #replacements: Replacements;
  readonly #ended: Promise<void>;
  #stdout = '';
  #stderr = '';
  #printed: () => void = () => undefined;

  /** `directory`: where it works; a new one unless given. */
  constructor(t: Cleaner, replacements: Replacements, directory = temporaryDirectory(t)) {
    this.directory = directory;
    this.#replacements = replacements;
    for (const name of ['package.json', 'node_modules', 'scripts', 'app'])
      symlinkSync(join(ROOT, name), join(directory, name));
    this.#shell = spawn('sh', ['-eu'], {
      cwd: directory,
      env: {
        PATH: `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
        HOME: directory,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        npm_config_offline: 'true',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    endAfter(t, this.#shell);
    this.#ended = new Promise((resolve) => {
      this.#shell.once('close', () => resolve());
    });
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#printed();
    });
    this.#shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // A shell that has ended is told of below.
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.stdin?.write(CURL);
  }

  /** What a text of a page is on this machine. */
  local(text: string): string {
    return this.#replacements.reduce((local, [from, to]) => local.replaceAll(from, to), text);
  }

  /** Types a command of one or more lines. Resolves to its output; rejects where one of them fails. */
  async type(command: string): Promise<string> {
    const printed = new Promise<boolean>((resolve) => {
      this.#printed = () => {
        if (this.#stdout.includes(`${END}\n`)) resolve(true);
      };
    });
    // A command that reads its input must not read what is typed after it.
    this.#shell.stdin?.write(`{\n${this.local(command)}\n} </dev/null\necho\necho '${END}'\n`);
    const done = await bounded(
      Promise.race([printed, this.#ended.then(() => false)]),
      () => `the end of ${command}: ${this.#stdout}${this.#stderr}`,
    );
    if (!done) throw new Error(`failed: ${command}\n${this.#stdout}${this.#stderr}`);
    const [output = '', ...rest] = this.#stdout.split(`${END}\n`);
    this.#stdout = rest.join('');
    return output;
  }
}

const missing = PROGRAMS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
/** Why the commands cannot be run on this machine; false where they can. */
export const skip = missing.length > 0 && `this machine has no ${missing.join(', ')}`;
