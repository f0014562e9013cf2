// The long form of these tests: `npm run torture -- --minutes N` kills the service, cuts its power, breaks its disk and feeds it nonsense.
import { parseArgs } from 'node:util';
import { forwardKillRounds } from '../forward/kill-rounds.ts';
import { FORWARD_DEATHS, replicaKillRounds } from '../forward/replica-rounds.ts';
import { killRounds as killClusterRounds } from '../postgres/kill-rounds.ts';
import type { Death } from '../postgres/kill-rounds.ts';
import { startService } from '../support/service.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { fuzz } from './fuzz.ts';
import { killRounds } from './kill-rounds.ts';
import { overload } from './overload-run.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { seeded } from './random.ts';
import { Results } from './results.ts';
import { buildShim, Disk } from './shim.ts';

const KILLS_A_LIFE = 12;
const FORWARDED_A_LIFE = 2_000;
const FUZZED_A_LIFE = 10_000;
const LOAD_MS_MAX = 6_000;
const RECORDED_MESSAGES = 300;
const MOMENTS_A_RECORD = 300;
/** Every so many lives a record is long enough for checkpoints beside the writer to be in it. */
const LONG_RECORD_EVERY = 6;
const LONG_RECORDED_MESSAGES = 9_000;
const LONG_MOMENTS = 25;
/** Requests that one process is fed, in a run that does nothing else. */
const FUZZED_A_PROCESS = 50_000;

/** In this order: each kind follows each other one. */
const DEATHS: readonly Death[] = ['replica', 'database', 'primary', 'database', 'replica'];
const FIGURE_OF = {
  replica: 'replicaDeaths',
  database: 'databaseDeaths',
  primary: 'failovers',
} as const satisfies Record<Death, string>;
/** Deaths of a cluster, which has three replicas of the service. */
const DEATHS_A_LIFE = 15;
const CLUSTER_LOAD_MS_MAX = 4_000;

const { values } = parseArgs({
  options: {
    /** What is tortured: a service on its file, or replicas on a cluster of PostgreSQL. */
    engine: { type: 'string', default: 'sqlite' },
    /** Lives for so long. */
    minutes: { type: 'string' },
    /** Generated requests alone, so many. */
    fuzz: { type: 'string' },
    /** Kills alone, so many. */
    kills: { type: 'string' },
    /** A service that forwards, or two replicas, and the application behind them, for so many minutes. */
    forward: { type: 'boolean', default: false },
    /** Ten times what can be stored, once. */
    overload: { type: 'boolean', default: false },
    /** Generates the same requests again, and cuts the power at the same places of a record. */
    seed: { type: 'string' },
    /** A file in which the figures of many runs are added up. */
    results: { type: 'string' },
  },
});
const seed = number('seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)));
const results = new Results(values.results);

try {
  if (!['sqlite', 'postgres'].includes(values.engine))
    throw new Error('--engine must be sqlite or postgres');
  if (values.engine === 'postgres' && values.forward)
    await forwardFromReplicas(number('minutes', values.minutes ?? '10'));
  else if (values.engine === 'postgres')
    await liveInCluster(number('minutes', values.minutes ?? '10'));
  else if (values.forward) await forward(number('minutes', values.minutes ?? '10'));
  else if (values.overload)
    await inTurn(async (t) => say({ event: 'overload', ...(await overload(t)) }));
  else if (values.fuzz !== undefined) await fuzzOnly(number('fuzz', values.fuzz));
  else if (values.kills !== undefined) await killOnly(number('kills', values.kills));
  else await live(number('minutes', values.minutes ?? '10'));
  results.add({ runs: 1 });
  say({ event: 'done', seed, ...results.own, lost: 0, doubled: 0 });
} catch (error) {
  results.add({ failures: 1 });
  say({ event: 'failed', seed, ...results.own });
  throw error;
}

async function live(minutes: number): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  await inTurn(async (t) => {
    const built = buildShim(t);
    if ('reason' in built) say({ event: 'no_power_cuts', msg: built.reason });
    for (let life = 0; performance.now() < endMs; life += 1) {
      await inTurn((own) => kill(own, KILLS_A_LIFE, life));
      if ('library' in built) {
        await inTurn((own) => cut(own, built.library, life));
        const faults = Object.values(DISK_FAULTS);
        const fault = faults[(seed + life) % faults.length];
        if (fault) await inTurn((own) => surviveFault(own, built.library, fault));
        results.add({ diskFaults: 1 });
      }
      await inTurn((own) => feed(own, FUZZED_A_LIFE, seed + life));
      say({ event: 'life', life, seed, ...results.own });
    }
  });
}

async function forward(minutes: number): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  for (let life = 0; performance.now() < endMs; life += 1) {
    const failing = life % 2 === 0 ? 'once' : 'dead';
    const random = seeded(seed + life);
    await inTurn(async (t) => {
      const figures = await forwardKillRounds(t, {
        rounds: KILLS_A_LIFE,
        items: FORWARDED_A_LIFE,
        random,
        failing,
      });
      results.add({
        forwardKills: figures.kills,
        forwarded: figures.items - figures.dead,
        forwardRepeats: figures.repeats,
        forwardDead: figures.dead,
      });
    });
    say({ event: 'life', life, seed, ...results.own });
  }
}

async function forwardFromReplicas(minutes: number): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  for (let life = 0; performance.now() < endMs; life += 1) {
    await inTurn(async (t) => {
      const options = { prefix: `life${life}`, random: seeded(seed + life) };
      const { items, repeats } = await replicaKillRounds(t, FORWARD_DEATHS, options);
      results.add({
        forwardKills: FORWARD_DEATHS.length,
        forwarded: items,
        forwardRepeats: repeats,
      });
    });
    say({ event: 'life', life, seed, ...results.own });
  }
}

async function liveInCluster(minutes: number): Promise<void> {
  const endMs = performance.now() + minutes * 60_000;
  for (let life = 0; performance.now() < endMs; life += 1) {
    const deaths = Array.from(
      { length: DEATHS_A_LIFE },
      (_, place) => DEATHS[place % DEATHS.length] ?? 'replica',
    );
    await inTurn(async (t) => {
      const { acknowledged, refused, deliveries } = await killClusterRounds(t, deaths, {
        prefix: `life${life}`,
        loadMsMax: CLUSTER_LOAD_MS_MAX,
        died: (death) => results.add({ [FIGURE_OF[death]]: 1 }),
      });
      results.add({
        replicatedAcknowledged: acknowledged,
        replicatedRefused: refused,
        replicatedDeliveries: deliveries,
      });
    });
    say({ event: 'life', life, ...results.own });
  }
}

async function killOnly(kills: number): Promise<void> {
  for (let life = 0; results.own.kills < kills; life += 1) {
    const rounds = Math.min(KILLS_A_LIFE, kills - results.own.kills);
    await inTurn((own) => kill(own, rounds, life));
    say({ event: 'killed', life, ...results.own });
  }
}

async function kill(t: Cleaner, rounds: number, life: number): Promise<void> {
  const options = { rounds, loadMsMax: LOAD_MS_MAX, life: `life${life}` };
  const { kills, acknowledged, deliveries } = await killRounds(t, options);
  results.add({ kills, killedAcknowledged: acknowledged, killedDeliveries: deliveries });
}

async function fuzzOnly(requests: number): Promise<void> {
  for (let process = 0; results.own.fuzzed < requests; process += 1) {
    const count = Math.min(FUZZED_A_PROCESS, requests - results.own.fuzzed);
    await inTurn((own) => feed(own, count, seed + process));
    say({ event: 'fuzzed', seed: seed + process, ...results.own });
  }
}

async function cut(t: Cleaner, library: string, life: number): Promise<void> {
  // Counted by the seed, so that short runs one after another have long records among them, too.
  const long = (seed + life) % LONG_RECORD_EVERY === 0;
  const disk = new Disk(t, library, temporaryDirectory(t));
  const records = await recordRun(t, disk, long ? LONG_RECORDED_MESSAGES : RECORDED_MESSAGES);
  assertSyncedBeforeAnswer(records);
  const moments = long ? LONG_MOMENTS : MOMENTS_A_RECORD;
  const random = seeded(seed + life);
  const { cuts, acknowledged, deliveries } = await cutPower(t, records, moments, { random });
  results.add({ cuts, cutAcknowledged: acknowledged, cutDeliveries: deliveries });
}

/** A process of its own takes what is generated from `own`, ends well, and has written nothing but lines of JSON. */
async function feed(t: Cleaner, count: number, own: number): Promise<void> {
  const service = await startService(t);
  const { requests, broken } = await fuzz(t, service, count, own);
  if ((await service.stop()).code !== 0) throw new Error('the fuzzed service ended badly');
  if (service.output.requests().length < requests)
    throw new Error('there are fewer log lines than answers');
  if (service.output.stderr !== '') throw new Error(`on stderr: ${service.output.stderr}`);
  results.add({ fuzzed: requests, fuzzedBroken: broken });
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
