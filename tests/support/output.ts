// What a running service wrote: its standard output as log lines, checked to be JSON objects and nothing else, and its standard error.
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { bounded } from './bounded.ts';

/** A line of the log. Request lines have the first seven keys; other lines have `ts`, `level`, `event` and `msg`. */
export interface LogLine {
  messages?: unknown;
  ts?: unknown;
  level?: unknown;
  request_id?: unknown;
  method?: unknown;
  path?: unknown;
  status?: unknown;
  latency_ms?: unknown;
  result?: unknown;
  dup?: unknown;
  message_id?: unknown;
  conflict?: unknown;
  event?: unknown;
  msg?: unknown;
  url?: unknown;
  mode?: unknown;
  state?: unknown;
  reason?: unknown;
  variable?: unknown;
  meant?: unknown;
  source?: unknown;
  items?: unknown;
  created?: unknown;
  duplicates?: unknown;
  conflicts?: unknown;
  hint?: unknown;
}

/** Takes one line of text. Returns it as a log line. Throws when it is anything but a JSON object. */
export function parseLogLine(text: string): LogLine {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`not an object: ${text}`);
  return value;
}

/** Collects both streams of a child process from its start. */
export class Output {
  stdout = '';
  stderr = '';
  #listeners = new Set<() => void>();
  #ended = false;
  #parsed: LogLine[] = [];
  #read = 0;
  readonly #stream: Readable;

  constructor(child: ChildProcess) {
    const { stdout, stderr } = child;
    if (!stdout || !stderr) throw new Error('the child must have pipes for its output');
    this.#stream = stdout;
    stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.stdout += chunk;
      this.#tell();
    });
    stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
      this.#tell();
    });
    child.once('close', () => {
      this.#ended = true;
      this.#tell();
    });
  }

  /** Stops reading the log, as a collector does that is slow. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Closes the log, as a collector does that has died. */
  close(): void {
    this.#stream.destroy();
  }

  /** The complete lines written so far. Throws when one of them is not a JSON object. */
  lines(): LogLine[] {
    for (let end = this.#endOfLine(); end !== -1; end = this.#endOfLine()) {
      this.#parsed.push(parseLogLine(this.stdout.slice(this.#read, end)));
      this.#read = end + 1;
    }
    return [...this.#parsed];
  }

  /** What stands after the last line end: empty when every line is complete. */
  get unfinished(): string {
    return this.stdout.slice(this.stdout.lastIndexOf('\n') + 1);
  }

  /** The lines that tell of requests, without those of events. */
  requests(): LogLine[] {
    return this.lines().filter((line) => 'method' in line);
  }

  /** Returns the first line for which `wanted` holds, as soon as it is written. Rejects when the process ends without it. */
  async line(what: string, wanted: (line: LogLine) => boolean): Promise<LogLine> {
    const [first] = await this.atLeast(1, what, wanted);
    if (!first) throw new Error(`no line for ${what}`);
    return first;
  }

  /** Returns all lines for which `wanted` holds once there are at least `count` of them. */
  async atLeast(
    count: number,
    what: string,
    wanted: (line: LogLine) => boolean,
  ): Promise<LogLine[]> {
    let listener: (() => void) | undefined;
    const seen = new Promise<LogLine[]>((resolve, reject) => {
      listener = () => {
        try {
          const found = this.lines().filter(wanted);
          if (found.length >= count) resolve(found);
          else if (this.#ended)
            reject(new Error(`the service ended without ${what}: ${this.stdout}${this.stderr}`));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#listeners.add(listener);
      listener();
    });
    try {
      return await bounded(
        seen,
        () => `${what}; so far: ${this.stdout.slice(-2000)}${this.stderr}`,
      );
    } finally {
      if (listener) this.#listeners.delete(listener);
    }
  }

  #endOfLine(): number {
    return this.stdout.indexOf('\n', this.#read);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
