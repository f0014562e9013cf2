// What a running process costs: CPU by thread, memory and bytes written, from /proc. Empty where there is no /proc.
import { readFileSync, readdirSync } from 'node:fs';

/** Ticks of utime and stime in a second: USER_HZ is 100 on every Linux that Node runs on (proc(5)). */
const TICKS_PER_SECOND = 100;

/** What tables call threads that Node itself names: V8's compile and collect garbage. */
const NAMES: Readonly<Record<string, string>> = {
  'node-MainThread': 'HTTP',
  'node-V8Worker': 'V8',
  WorkerThread: 'read',
};

export interface ThreadTime {
  readonly name: string;
  readonly cpuSeconds: number;
}

export interface ThreadCost {
  readonly name: string;
  readonly cpu_seconds: number;
  readonly cpu_percent: number;
}

/** CPU time of each thread since it began, by thread id. */
export function threadTimes(pid: number): Map<string, ThreadTime> {
  const times = new Map<string, ThreadTime>();
  for (const tid of listed(`/proc/${pid}/task`)) {
    const { name, cpuSeconds } = timeIn(`/proc/${pid}/task/${tid}/stat`);
    if (Number.isFinite(cpuSeconds)) times.set(tid, { name: NAMES[name] ?? name, cpuSeconds });
  }
  return times;
}

/** CPU seconds of the threads of each name between two readings, the busiest first; idle ones are left out. */
export function threadCosts(
  before: ReadonlyMap<string, ThreadTime>,
  after: ReadonlyMap<string, ThreadTime>,
  seconds: number,
): ThreadCost[] {
  const sums = new Map<string, number>();
  for (const [tid, { name, cpuSeconds }] of after) {
    const used = cpuSeconds - (before.get(tid)?.cpuSeconds ?? 0);
    sums.set(name, (sums.get(name) ?? 0) + used);
  }
  return [...sums]
    .map(([name, cpu_seconds]) => costOf(name, cpu_seconds, seconds))
    .filter(({ cpu_seconds }) => cpu_seconds > 0)
    .toSorted((left, right) => right.cpu_seconds - left.cpu_seconds);
}

/** What so many CPU seconds are within `seconds`. */
export function costOf(name: string, cpu_seconds: number, seconds: number): ThreadCost {
  return { name, cpu_seconds, cpu_percent: Math.round((cpu_seconds / seconds) * 100) };
}

/** CPU seconds of a process and its children since their start, also of those that have ended. */
export function familyCpuSeconds(pid: number): number {
  const children = readable(`/proc/${pid}/task/${pid}/children`).trim().split(' ');
  const seconds = children.map((child) => timeIn(`/proc/${child}/stat`).cpuSeconds);
  const { cpuSeconds, endedChildrenSeconds } = timeIn(`/proc/${pid}/stat`);
  // One that ends between the readings is in neither.
  return seconds
    .filter((one) => Number.isFinite(one))
    .reduce((sum, one) => sum + one, cpuSeconds + endedChildrenSeconds);
}

/** CPU seconds of the whole process since its start. */
export function processCpuSeconds(pid: number): number {
  return timeIn(`/proc/${pid}/stat`).cpuSeconds;
}

/** Bytes that the process has had written to the disk since its start (proc(5): write_bytes). */
export function writtenBytes(pid: number): number {
  return Number(/^write_bytes: ([0-9]+)$/m.exec(readable(`/proc/${pid}/io`))?.[1]);
}

/** Memory in use now and at most so far, in MiB. */
export function memory(pid: number): { rss_mib: number; peak_rss_mib: number } {
  const status = readable(`/proc/${pid}/status`);
  const mib = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+([0-9]+) kB`).exec(status)?.[1] ?? 0) / 1_024);
  return { rss_mib: mib('VmRSS'), peak_rss_mib: mib('VmHWM') };
}

/** The name and the CPU time in a file of the form of /proc/PID/stat; NaN where there is none. */
function timeIn(file: string): ThreadTime & { endedChildrenSeconds: number } {
  const stat = readable(file);
  // The name stands in parentheses and may hold any character, so the fields are counted from the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  const seconds = (first: number): number =>
    (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND;
  return { name, cpuSeconds: seconds(11), endedChildrenSeconds: seconds(13) };
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
