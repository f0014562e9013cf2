// The output of the commands: results on stdout, as text or JSON; progress and notes on stderr.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnProgress } from '../storage/admin.ts';
import { EXIT, type ExitCode } from './exit.ts';

/** Shorter work shows no progress. */
const PROGRESS_AFTER_MS = 1_000;
const PROGRESS_EVERY_MS = 200;
const END_MS_MAX = 3_000;
const CLEAR_LINE = '\r\x1b[2K';

export class Terminal {
  /** Whether results are JSON. Set by `--json`, before a command runs. */
  json = false;
  /** The exit code unless something is thrown: for a command that succeeds, but found a problem. */
  exitCode: ExitCode = EXIT.done;
  readonly #interruption = new AbortController();
  readonly #listeners = new Map<'SIGINT' | 'SIGTERM', () => void>();
  #signal: 'SIGINT' | 'SIGTERM' | null = null;
  #endProgress: () => void = () => undefined;

  constructor() {
    process.stdout.on('error', endOnStdoutError);
  }

  /** Leaves the errors of stdout to the service, which handles them itself. */
  release(): void {
    process.stdout.off('error', endOnStdoutError);
  }

  /**
   * Turns SIGINT and SIGTERM into this signal from the first call on: a command that leaves something behind
   * uses it, stops when it is aborted, and cleans up. A second signal ends the process at once.
   */
  interruption(): AbortSignal {
    if (this.#listeners.size === 0) {
      for (const name of ['SIGINT', 'SIGTERM'] as const) {
        const listener = (): void => {
          this.#signal = name;
          this.#interruption.abort();
        };
        this.#listeners.set(name, listener);
        process.once(name, listener);
      }
    }
    return this.#interruption.signal;
  }

  /**
   * Ends the command. Its output may still wait for a reader, without a limit; a signal ends the process
   * then, and after one that came before, the last lines wait for no more than `END_MS_MAX`.
   */
  async end(code: ExitCode): Promise<void> {
    this.#endProgress();
    for (const [name, listener] of this.#listeners) process.off(name, listener);
    if (this.#signal === null) return;
    await Promise.race([written(process.stdout), sleep(END_MS_MAX)]);
    process.exit(code);
  }

  /** The exit code of a command that was stopped by a signal; null if it was not. */
  get interruptedCode(): ExitCode | null {
    if (this.#signal === null) return null;
    return this.#signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  }

  /** The result of a command: `value` as one line of JSON with --json, else the lines that `text` returns. */
  result(value: unknown, text: () => string | readonly string[]): void {
    this.#endProgress();
    const lines = this.json ? JSON.stringify(value) : [text()].flat().join('\n');
    if (lines !== '') process.stdout.write(`${lines}\n`);
  }

  /** Prints a note on stderr. */
  note(line: string): void {
    this.#endProgress();
    process.stderr.write(`${line}\n`);
  }

  /** Prints an error in one line on stderr. */
  error(message: string): void {
    this.note(`oncebox: ${message.replaceAll(/\s*\n\s*/g, ' ')}`);
  }

  /** Prints an error that must not happen: with its stack, so that it can be found. */
  bug(error: unknown): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.note(`oncebox: unexpected: ${stack ?? message}`);
  }

  /**
   * Starts to show the progress of some work in one line, by its current stage: only on a terminal, and only if the work
   * takes more than a second. The line is cleared by whatever is printed next.
   */
  progress<Stage extends string>(nameOf: (stage: Stage) => string = String): OnProgress<Stage> {
    this.#endProgress();
    if (!process.stderr.isTTY) return () => undefined;
    const startMs = performance.now();
    let shownMs = startMs + PROGRESS_AFTER_MS - PROGRESS_EVERY_MS;
    let shown = false;
    // The time that is left is estimated from that of the current stage.
    let current: Stage | undefined;
    let stageStartMs = startMs;
    this.#endProgress = (): void => {
      if (shown) process.stderr.write(CLEAR_LINE);
      shown = false;
    };
    return (stage, done, all) => {
      const nowMs = performance.now();
      if (stage !== current) {
        current = stage;
        stageStartMs = nowMs;
      }
      if (nowMs - shownMs < PROGRESS_EVERY_MS) return;
      shownMs = nowMs;
      shown = true;
      const seconds = (nowMs - stageStartMs) / 1_000;
      const columns = process.stderr.columns || 80;
      const line = progressLine(nameOf(stage), done, all, seconds, columns);
      process.stderr.write(`${CLEAR_LINE}${line}`);
    };
  }
}

/** A reader that closes the pipe early, such as `head`, is no failure. */
function endOnStdoutError(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
}

/** Resolves when all that was written has been read, or the reader has gone. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}

const BAR_CELLS = 24;

function progressLine(
  what: string,
  done: number,
  all: number | null,
  seconds: number,
  columns: number,
): string {
  if (all === null || all === 0 || done === 0) {
    const count = done === 0 ? '' : ` ${whole(done)},`;
    return `${what}:${count} ${seconds.toFixed(0)} s`.slice(0, columns - 1);
  }
  const part = Math.min(1, done / all);
  const cells = Math.round(part * BAR_CELLS);
  const bar = '█'.repeat(cells) + '░'.repeat(BAR_CELLS - cells);
  const left = part > 0.1 ? `, ${Math.ceil((seconds / part) * (1 - part))} s left` : '';
  return `${what} ${bar} ${String(Math.floor(part * 100)).padStart(3)} %${left}`.slice(
    0,
    columns - 1,
  );
}

/** Returns a whole number with commas between the thousands. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Returns how many messages there are, and where there is more, how many events and deliveries. */
export function rowsText(counts: {
  readonly messages: number;
  readonly events: number | null;
  readonly deliveries: number | null;
}): string {
  const { messages, events, deliveries } = counts;
  const more =
    (events ?? 0) + (deliveries ?? 0) === 0
      ? ''
      : `, ${whole(events ?? 0)} events, ${whole(deliveries ?? 0)} deliveries`;
  return `${whole(messages)} messages${more}`;
}

/** Returns a readable number of bytes, with a unit in powers of 1,000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? whole(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Returns a text without what would steer the terminal. Ids, senders and errors are what others wrote. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD');
}

/**
 * Returns rows as lines, each column as wide as its widest cell. Columns listed in `right` (from 0) are aligned right. Cells may be any
 * text.
 */
export function table(
  cells: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const rows = cells.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) =>
        right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
