// How the benchmarks speak: progress on stderr, tables on stdout, figures as JSON under bench/results/.
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
/** The magic number of tmpfs (statfs(2)), where a sync costs nothing. */
const TMPFS_MAGIC = 0x01021994;
const PROGRESS_INTERVAL_MS = 1_000;

/** One line of progress; a terminal shows the last one only. */
export function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
}

let lastPartMs = 0;

/** How far a long work has come; says so once a second at most. */
export function progressPart(what: string, done: number, all: number): void {
  const nowMs = performance.now();
  if (nowMs - lastPartMs < PROGRESS_INTERVAL_MS) return;
  lastPartMs = nowMs;
  progress(`${what}: ${done.toLocaleString('en')} of ${all.toLocaleString('en')}`);
}

/** Prints rows as a table: the first column to the left, the others to the right. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  process.stdout.write(`\n${title}\n${[head, ...rows].map(line).join('\n')}\n`);
}

/** A number for a table: whole from 100 on, else with two digits after the point; `-` for none. */
export function shown(value: number | null): string {
  if (value === null) return '-';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle one of the values; of an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
}

/** How busy the machine is, for a reader of the figures. */
export function loadAverage(): string {
  const [minute = 0, , quarter = 0] = loadavg();
  return `load average ${minute.toFixed(1)} (1 minute), ${quarter.toFixed(1)} (15 minutes) on ${availableParallelism()} processors`;
}

/** Writes the figures beside what they were measured on. Returns the path of the file. */
export function writeResults(name: string, figures: Record<string, unknown>): string {
  mkdirSync(RESULTS, { recursive: true });
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const file = join(RESULTS, `${name}-${stamp}.json`);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load_average: loadavg(),
  };
  const result = { measured_at: new Date().toISOString(), machine, ...figures };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** A directory for what a benchmark writes, gone when the process ends. */
export function workingDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oncebox-bench-run-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  warnOfMemory(directory);
  return directory;
}

/** Says so where the directory lies in memory: figures of durable writes mean nothing there. */
export function warnOfMemory(directory: string): void {
  if (statfsSync(directory).type === TMPFS_MAGIC) {
    process.stderr.write(`${directory} is in memory: set TMPDIR to a directory on a disk\n`);
  }
}

/**
 * Reads `--name value` options, given their defaults; `true` and `false` make a flag.
 * Throws on an option that is not named.
 */
export function readOptions<T extends Record<string, string | boolean>>(
  defaults: T,
): { [Name in keyof T]: T[Name] extends string ? string : boolean } {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: typeof value === 'string' ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  return { ...defaults, ...parseArgs({ options }).values } as ReturnType<typeof readOptions<T>>;
}

/** Reads `32,64,256`. Throws where an item is not a whole number over 0. */
export function readNumbers(list: string): number[] {
  return list.split(',').map((item) => {
    const value = Number(item);
    if (!Number.isInteger(value) || value < 1) throw new Error(`${item} is not a number over 0`);
    return value;
  });
}
