// What a running process costs: CPU by thread and memory, from /proc. Empty where there is no /proc.
import { readFileSync, readdirSync } from 'node:fs';

/** Ticks of utime and stime in a second: USER_HZ is 100 on every Linux that Node runs on (proc(5)). */
const TICKS_PER_SECOND = 100;
/** Threads below this share of one CPU are left out of tables. */
const CPU_PERCENT_MIN = 1;

export interface ThreadTime {
  readonly name: string;
  readonly cpuSeconds: number;
}

/** CPU time of each thread since it began, by thread id. */
export function threadTimes(pid: number): Map<string, ThreadTime> {
  const times = new Map<string, ThreadTime>();
  for (const tid of listed(`/proc/${pid}/task`)) {
    const stat = readable(`/proc/${pid}/task/${tid}/stat`);
    // The name stands in parentheses and may hold any character, so the fields are counted from the last of them.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const ticks = Number(fields[11]) + Number(fields[12]);
    if (Number.isFinite(ticks)) times.set(tid, { name, cpuSeconds: ticks / TICKS_PER_SECOND });
  }
  return times;
}

/** Per cent of one CPU that each thread took between two looks, the busiest first; idle threads are left out. */
export function threadShares(
  before: ReadonlyMap<string, ThreadTime>,
  after: ReadonlyMap<string, ThreadTime>,
  seconds: number,
): { name: string; cpu_percent: number }[] {
  return [...after]
    .map(([tid, { name, cpuSeconds }]) => ({
      name: `${name}/${tid}`,
      cpu_percent: Math.round(((cpuSeconds - (before.get(tid)?.cpuSeconds ?? 0)) / seconds) * 100),
    }))
    .filter(({ cpu_percent }) => cpu_percent >= CPU_PERCENT_MIN)
    .toSorted((left, right) => right.cpu_percent - left.cpu_percent);
}

/** Memory in use now and at most so far, in MiB. */
export function memory(pid: number): { rss_mib: number; peak_rss_mib: number } {
  const status = readable(`/proc/${pid}/status`);
  const mib = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+([0-9]+) kB`).exec(status)?.[1] ?? 0) / 1_024);
  return { rss_mib: mib('VmRSS'), peak_rss_mib: mib('VmHWM') };
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
