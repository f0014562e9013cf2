// The tables of the benchmark of ingest: rates and latencies with their ratios to the durable floor, and what they cost.
import type { SubjectFigures } from './ingest-run.ts';
import { median, printTable, shown } from './report.ts';

const MICROSECONDS = 1e6;

/** What was measured in one round, by the names of the servers. */
type RoundFigures = ReadonlyMap<string, SubjectFigures>;

/** Prints three tables: how fast each of `names` was beside the server called `floor`, what it cost, and in which threads. */
export function printIngest(
  title: string,
  names: readonly string[],
  floor: string,
  rounds: readonly RoundFigures[],
): void {
  const of = (name: string): SubjectFigures[] => rounds.flatMap((round) => round.get(name) ?? []);
  const middle = (name: string, figure: Figure): string => shown(median(of(name).map(figure)));
  const toFloor = (name: string, figure: Figure): string => {
    const floors = of(floor);
    return ratio(of(name).map((one, round) => figure(one) / at(floors, round, figure)));
  };
  printTable(
    title,
    [
      '',
      'requests/s',
      `to ${floor}`,
      'p50 ms',
      'p99 ms',
      `to ${floor}`,
      'p99.9 ms',
      'max ms',
      `to ${floor}`,
    ],
    names.map((name) => [
      name,
      middle(name, (one) => one.requests_per_second),
      toFloor(name, (one) => one.requests_per_second),
      middle(name, (one) => one.p50_ms),
      middle(name, (one) => one.p99_ms),
      toFloor(name, (one) => one.p99_ms),
      middle(name, (one) => one.p999_ms),
      middle(name, (one) => one.max_ms),
      toFloor(name, (one) => one.max_ms),
    ]),
  );
  const some = (name: string, figure: (one: SubjectFigures) => number | null): string => {
    const values = of(name).flatMap((one) => figure(one) ?? []);
    return values.length === 0 ? '-' : shown(median(values));
  };
  printTable(
    'What it costs; "in all": until lists and search are up to date',
    [
      '',
      'messages a commit',
      'bytes written a message',
      'in all',
      'lists behind',
      'search behind',
      'up to date after s',
      'RSS MiB',
      'peak',
    ],
    names.map((name) => [
      name,
      some(name, (one) => one.messages_a_commit),
      middle(name, (one) => one.written_bytes / one.requests),
      middle(name, (one) => one.whole.written_bytes / one.requests),
      some(name, (one) => one.backlog?.lists ?? null),
      some(name, (one) => one.backlog?.search ?? null),
      middle(name, (one) => one.whole.catch_up_seconds),
      middle(name, (one) => one.rss_mib),
      middle(name, (one) => one.peak_rss_mib),
    ]),
  );
  printThreads(names, of);
}

type Figure = (one: SubjectFigures) => number;

function at(list: readonly SubjectFigures[], round: number, figure: Figure): number {
  const one = list[round];
  return one === undefined ? Number.NaN : figure(one);
}

/** The median of the rounds' ratios, and their range. */
function ratio(values: readonly number[]): string {
  const middle = median(values).toFixed(2);
  if (values.length === 1) return middle;
  return `${middle} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
}

function printThreads(
  names: readonly string[],
  of: (name: string) => readonly SubjectFigures[],
): void {
  const busy = names.flatMap((name) =>
    of(name).flatMap((one) => one.threads.filter((thread) => thread.cpu_percent > 0)),
  );
  const threads = [...new Set(busy.map((thread) => thread.name))];
  const cost = (one: SubjectFigures, thread: string): number =>
    one.threads.find(({ name }) => name === thread)?.cpu_seconds ?? 0;
  const cell = (list: readonly SubjectFigures[], thread: string): string => {
    const micros = list.map((one) => (cost(one, thread) / one.requests) * MICROSECONDS);
    if (median(micros) === 0) return '-';
    const percent = median(list.map((one) => (cost(one, thread) / one.seconds) * 100));
    return `${median(micros).toFixed(1)} (${percent.toFixed(0)} %)`;
  };
  const sum = (list: readonly SubjectFigures[], seconds: Figure): string =>
    median(list.map((one) => (seconds(one) / one.requests) * MICROSECONDS)).toFixed(1);
  printTable(
    'Processor time by thread: µs a message (% of a processor)',
    ['', ...threads, 'all', 'in all'],
    names.map((name) => [
      name,
      ...threads.map((thread) => cell(of(name), thread)),
      sum(of(name), (one) =>
        one.threads.reduce((total, { cpu_seconds }) => total + cpu_seconds, 0),
      ),
      sum(of(name), (one) => one.whole.cpu_seconds),
    ]),
  );
}
