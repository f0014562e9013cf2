// The application of docs/examples as a process of its own: started, killed, and asked what its effects are.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { bounded, eventually } from './bounded.ts';
import { type Cleaner, endAfter } from './cleanup.ts';

export const RECEIVER = 'docs/examples/receiver.ts';
const PATH = fileURLToPath(new URL(`../../${RECEIVER}`, import.meta.url));

export interface SampleOptions {
  /** Where it works and keeps its file. */
  readonly directory: string;
  readonly port: number;
  readonly secret: string;
}

/** The application while it runs. */
export class Sample {
  /** Lines that it printed. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #file: string;

  constructor(t: Cleaner, { directory, port, secret }: SampleOptions) {
    this.#file = join(directory, 'receiver.db');
    this.#child = spawn(process.execPath, [PATH], {
      cwd: directory,
      env: { SECRET: secret, PORT: String(port), FILE: this.#file },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endAfter(t, this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.lines.push(...text.trimEnd().split('\n'));
    });
  }

  /** Waits until it printed the line. */
  async printed(line: string): Promise<void> {
    await eventually(
      `"${line}" of the application, which printed ${this.lines.join()}`,
      () => this.lines.includes(line) || undefined,
    );
  }

  /** How many requests it answered with success, repeats included. */
  get answered(): number {
    return this.lines.filter((line) => line !== 'ready').length;
  }

  async kill(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await bounded(closed, () => 'the end of the application');
  }

  /** The items that it counted for each sender. */
  effects(): Record<string, number> {
    // Not read-only: after a kill, what was not committed is rolled back first.
    const database = new DatabaseSync(this.#file, { timeout: 5_000 });
    try {
      const rows = database.prepare('SELECT sender, items FROM totals ORDER BY sender').all();
      return Object.fromEntries(rows.map(({ sender, items }) => [String(sender), Number(items)]));
    } finally {
      database.close();
    }
  }
}

/** Starts the application. Resolves once it accepts requests. */
export async function startSample(t: Cleaner, options: SampleOptions): Promise<Sample> {
  const sample = new Sample(t, options);
  await sample.printed('ready');
  return sample;
}
