// Runs the real command `oncebox` as a process of its own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bounded } from '../support/bounded.ts';
import { endAfter } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { SECRET } from '../support/message.ts';
import type { Environment } from '../support/service.ts';
import { recordIn } from '../support/shapes.ts';

const ONCEBOX = fileURLToPath(new URL('../../app/cli/oncebox.ts', import.meta.url));

export interface CallOptions {
  readonly env?: Environment;
  readonly cwd?: string;
  readonly stdin?: Buffer | string;
  /** A shell script that ends in `exec "$@"`, to run the command inside of something. */
  readonly shell?: string;
}

/** How a call ended and what it wrote. */
export class Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string) {
    this.code = code;
    this.signal = signal;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** The one line of JSON that `--json` writes. */
  json(): Record<string, unknown> {
    const lines = this.stdout.split('\n');
    if (lines.length !== 2 || lines[1] !== '')
      throw new Error(`not one line: ${this.stdout}; stderr: ${this.stderr}`);
    return recordIn(JSON.parse(lines[0] ?? ''));
  }
}

/** A call that goes on, and the end it will have. */
export interface Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
}

/** Starts a call. Nothing of the caller's environment gets in but what finds Node. */
export function start(t: Cleaner, args: readonly string[], options: CallOptions = {}): Call {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const plain = [process.execPath, ONCEBOX, ...args] as const;
  const [command, ...rest] =
    options.shell === undefined ? plain : (['sh', '-c', options.shell, 'sh', ...plain] as const);
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { PATH, NODE_COMPILE_CACHE, WEBHOOK_SECRET: SECRET, ...options.env },
    stdio: 'pipe',
    // Ctrl-C is for the tests, which end the call.
    detached: true,
  });
  endAfter(t, child);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  // A command that does not read its input may have ended before it was written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin);
  const ended = new Promise<Result>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(new Result(code, signal, written.stdout, written.stderr)),
    );
  });
  return { child, ended };
}

/** Makes a call and waits for its end. */
export async function oncebox(
  t: Cleaner,
  args: readonly string[],
  options: CallOptions = {},
): Promise<Result> {
  const { ended } = start(t, args, options);
  return await bounded(ended, () => `the end of oncebox ${args.join(' ')}`);
}
