// The long form of these tests: `npm run torture -- --minutes N` kills the service, cuts its power, breaks its disk and feeds it nonsense.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { interruption } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { breakDisk, cut, feed, forward, forwardFromReplicas, kill, killCluster } from './lives.ts';
import type { Run } from './lives.ts';
import { overload } from './overload-run.ts';
import { Results, sumOf } from './results.ts';
import { buildShim } from './shim.ts';

const KILLS_A_LIFE = 20;
const FUZZED_A_LIFE = 10_000;
/** Requests that one process is fed, in a run that does nothing else. */
const FUZZED_A_PROCESS = 50_000;

const { values } = parseArgs({
  options: {
    /** What is tortured: a service on its file, or replicas on a cluster of PostgreSQL; both in turn unless given. */
    engine: { type: 'string' },
    /** Lives for so long. */
    minutes: { type: 'string', default: '10' },
    /** Generated requests alone, so many. */
    fuzz: { type: 'string' },
    /** Kills alone, so many. */
    kills: { type: 'string' },
    /** Power cuts alone, so many. */
    cuts: { type: 'string' },
    /** A service that forwards, or replicas that do, and the application behind them, for so many minutes. */
    forward: { type: 'boolean', default: false },
    /** Ten times what can be stored, once. */
    overload: { type: 'boolean', default: false },
    /** Generates the same requests again, and cuts the power at the same places of a record. */
    seed: { type: 'string' },
    /** A file to which each run appends its figures. */
    results: { type: 'string' },
    /** Prints what that file adds up to, and does nothing else. */
    sum: { type: 'boolean', default: false },
  },
});

/** One life of one kind; passed on: where to register what is to be cleaned up, and how many lives were before it. */
type Turn = (t: Cleaner, run: Run, life: number) => Promise<void>;

const LIFE = {
  sqlite: [
    (t, run, life) => kill(t, run, life, KILLS_A_LIFE),
    cut,
    breakDisk,
    (t, run, life) => feed(t, run, life, FUZZED_A_LIFE),
    forward,
  ],
  postgres: [killCluster, forwardFromReplicas],
} as const satisfies Record<string, readonly Turn[]>;

if (values.sum) say(sumOf(values.results ?? ''));
else await torture();

async function torture(): Promise<void> {
  // As `npm start` has it: services that are started again and again need not be compiled each time.
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
    new URL('../../node_modules/.cache/node', import.meta.url),
  );
  const signal = interruption();
  const seed = number('seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)));
  const command = ['npm run torture --', ...process.argv.slice(2)].join(' ');
  const results = new Results(command, values.results);
  try {
    await inTurn(async (t) => {
      const built = buildShim(t);
      if ('reason' in built) say({ event: 'no_power_cuts', msg: built.reason });
      const library = 'library' in built ? built.library : null;
      await live({ results, seed, signal, library });
    });
    results.add({ runs: 1 });
    say({ event: 'done', seed, interrupted: signal.aborted, ...results.own, lost: 0, doubled: 0 });
  } catch (error) {
    results.add({ failures: 1 });
    say({ event: 'failed', seed, ...results.own });
    throw error;
  }
}

async function live(run: Run): Promise<void> {
  const { own } = run.results;
  const { overload: once, kills, cuts, fuzz } = values;
  if (once) await inTurn(async (t) => say({ event: 'overload', ...(await overload(t)) }));
  else if (kills !== undefined) {
    const all = number('kills', kills);
    const next: Turn = (t, _, life) => kill(t, run, life, Math.min(KILLS_A_LIFE, all - own.kills));
    await lives(run, [next], () => own.kills < all);
  } else if (cuts !== undefined) {
    const all = number('cuts', cuts);
    if (run.library !== null) await lives(run, [cut], () => own.cuts < all);
  } else if (fuzz !== undefined) {
    const all = number('fuzz', fuzz);
    const next: Turn = (t, _, life) =>
      feed(t, run, life, Math.min(FUZZED_A_PROCESS, all - own.fuzzed));
    await lives(run, [next], () => own.fuzzed < all);
  } else {
    const endMs = performance.now() + number('minutes', values.minutes) * 60_000;
    await lives(
      run,
      values.forward ? turnsOf(values.engine).filter(isOfForwarding) : turnsOf(values.engine),
      () => performance.now() < endMs,
    );
  }
}

function turnsOf(engine: string | undefined): readonly Turn[] {
  if (engine === undefined) return [...LIFE.sqlite, ...LIFE.postgres];
  if (engine !== 'sqlite' && engine !== 'postgres')
    throw new Error('--engine must be sqlite or postgres');
  return LIFE[engine];
}

function isOfForwarding(turn: Turn): boolean {
  return turn === forward || turn === forwardFromReplicas;
}

/** Takes the turns one after another, and again, as long as there is more to do. */
async function lives(run: Run, turns: readonly Turn[], more: () => boolean): Promise<void> {
  const goesOn = (): boolean => more() && !run.signal.aborted;
  for (let life = 0; goesOn(); life += 1) {
    for (const turn of turns) {
      if (!goesOn()) break;
      await inTurn((t) => turn(t, run, life));
    }
    say({ event: 'life', life, seed: run.seed, ...run.results.own });
  }
}

/** Passes to `work` a place to register what is to be cleaned up, and cleans it up. */
async function inTurn(work: (t: Cleaner) => Promise<void>): Promise<void> {
  const cleanings: (() => Promise<void> | void)[] = [];
  try {
    await work({ after: (clean) => cleanings.push(clean) });
  } finally {
    for (const clean of cleanings.toReversed()) await clean();
  }
}

function number(option: string, text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new Error(`--${option} must be a number`);
  return value;
}

function say(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
