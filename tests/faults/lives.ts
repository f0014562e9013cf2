// What the long form of these tests does in turn: each function lives one life of one kind, and adds up what it has tried.
import { forwardKillRounds } from '../forward/kill-rounds.ts';
import { FORWARD_DEATHS, replicaKillRounds } from '../forward/replica-rounds.ts';
import { killRounds as killClusterRounds } from '../postgres/kill-rounds.ts';
import type { Death } from '../postgres/kill-rounds.ts';
import { destinations, startApplication } from '../support/application.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { startService } from '../support/service.ts';
import { DISK_FAULTS, surviveFault } from './disk-faults.ts';
import { fuzz } from './fuzz.ts';
import { killRounds } from './kill-rounds.ts';
import { assertSyncedBeforeAnswer, cutPower, recordRun } from './power-cuts.ts';
import { seeded } from './random.ts';
import type { Results } from './results.ts';
import { Disk } from './shim.ts';

/** Most of them are single messages: so many come with about six times as many items. */
const POSTS_A_DEATH = 3_500;
/** So many messages and as many statuses that a delivery has for itself, at most. */
const DELIVERY_OWN_MAX = 100;
const CHECK_EVERY = 10;
const FORWARDED_A_LIFE = 2_000;
const FORWARD_KILLS = 12;
const RECORDED_MESSAGES = 150;
const MOMENTS_A_RECORD = 600;
/** Every so many lives a record is long enough for checkpoints beside the writer to be in it. */
const LONG_RECORD_EVERY = 6;
const LONG_RECORDED_MESSAGES = 9_000;
const LONG_MOMENTS = 25;

/** In this order each kind of death follows each other one, and a primary one that has just taken over. */
const DEATHS: readonly Death[] = [
  'primary',
  'replica',
  'database',
  'primary',
  'primary',
  'database',
  'replica',
  'primary',
];
const FIGURE_OF = {
  replica: 'replicaDeaths',
  database: 'databaseDeaths',
  primary: 'failovers',
} as const satisfies Record<Death, string>;
/** A cluster, which has three replicas of the service, has those deaths so often. */
const DEATHS_A_LIFE = 3 * DEATHS.length;
const CLUSTER_LOAD_MS_MAX = 1_500;

/** A run of the long form. */
export interface Run {
  readonly results: Results;
  readonly seed: number;
  /** Lives end early once it is aborted, with what they have tried by then. */
  readonly signal: AbortSignal;
  /** The shim of the disk; null where it cannot be built. */
  readonly library: string | null;
}

/** Kills a service beside everything that it does; forwarding, which costs most, in one of two lives. */
export async function kill(t: Cleaner, run: Run, life: number, rounds: number): Promise<void> {
  const figures = await killRounds(t, {
    rounds,
    load: { postsMax: POSTS_A_DEATH },
    life: `life${life}`,
    ownMax: DELIVERY_OWN_MAX,
    checkEvery: CHECK_EVERY,
    forwards: life % 2 === 0,
    retention: true,
    backups: true,
    signal: run.signal,
  });
  run.results.add({
    kills: figures.kills,
    killedAcknowledged: figures.acknowledged,
    killedDeliveries: figures.deliveries,
    killedItems: figures.items,
    killedForwarded: figures.forwarded,
    killedRepeats: figures.repeats,
    killedRemoved: figures.removed,
    killedBackups: figures.backups,
  });
}

/** Cuts the power at many places of one record; in one of two lives with forwarding to an application that refuses one sender. */
export async function cut(t: Cleaner, run: Run, life: number): Promise<void> {
  const { library, results, seed, signal } = run;
  if (library === null) return;
  // Counted by the seed, so that short runs one after another have long records among them, too.
  const long = (seed + life) % LONG_RECORD_EVERY === 0;
  const application = (seed + life) % 4 < 2 ? await startApplication(t) : null;
  if (application) application.answer = (body) => (body.includes('"+15557"') ? 500 : 200);
  const env =
    application === null
      ? {}
      : destinations(
          { app: `http://127.0.0.1:${application.port}` },
          { app: { RETRY_HOURS: undefined } },
        );
  const disk = new Disk(t, library, temporaryDirectory(t));
  const messages = long ? LONG_RECORDED_MESSAGES : RECORDED_MESSAGES;
  const records = await recordRun(t, disk, messages, { env });
  assertSyncedBeforeAnswer(records);
  const figures = await cutPower(t, records, long ? LONG_MOMENTS : MOMENTS_A_RECORD, {
    random: seeded(seed + life),
    taken: new Set(application?.taken),
    signal,
  });
  results.add({
    cuts: figures.cuts,
    cutAcknowledged: figures.acknowledged,
    cutDeliveries: figures.deliveries,
    cutForwarded: figures.forwarded,
  });
}

/** Has the disk fail in one of the ways. */
export async function breakDisk(t: Cleaner, run: Run, life: number): Promise<void> {
  if (run.library === null) return;
  const faults = Object.values(DISK_FAULTS);
  const fault = faults[(run.seed + life) % faults.length];
  if (!fault) return;
  await surviveFault(t, run.library, fault);
  run.results.add({ diskFaults: 1 });
}

/** A process of its own takes so many generated requests, ends well, and has written nothing but lines of JSON. */
export async function feed(t: Cleaner, run: Run, life: number, count: number): Promise<void> {
  const service = await startService(t);
  const { requests, broken } = await fuzz(t, service, count, run.seed + life);
  if ((await service.stop()).code !== 0) throw new Error('the fuzzed service ended badly');
  if (service.output.requests().length < requests)
    throw new Error('there are fewer log lines than answers');
  if (service.output.stderr !== '') throw new Error(`on stderr: ${service.output.stderr}`);
  run.results.add({ fuzzed: requests, fuzzedBroken: broken });
}

/** Kills a service that forwards to an application that misbehaves, and that application. */
export async function forward(t: Cleaner, { results, seed }: Run, life: number): Promise<void> {
  const figures = await forwardKillRounds(t, {
    rounds: FORWARD_KILLS,
    items: FORWARDED_A_LIFE,
    random: seeded(seed + life),
    failing: life % 2 === 0 ? 'once' : 'dead',
  });
  results.add({
    forwardKills: figures.kills,
    forwarded: figures.items - figures.dead,
    forwardRepeats: figures.repeats,
    forwardDead: figures.dead,
  });
}

/** Kills replicas that forward, the application that they forward to, and their database. */
export async function forwardFromReplicas(
  t: Cleaner,
  { results, seed }: Run,
  life: number,
): Promise<void> {
  const { items, repeats } = await replicaKillRounds(t, FORWARD_DEATHS, {
    prefix: `life${life}`,
    random: seeded(seed + life),
  });
  results.add({
    forwardKills: FORWARD_DEATHS.length,
    forwarded: items,
    forwardRepeats: repeats,
  });
}

/** Kills replicas, their database, and the primary of its cluster. */
export async function killCluster(t: Cleaner, run: Run, life: number): Promise<void> {
  const { results, signal } = run;
  const deaths = Array.from(
    { length: DEATHS_A_LIFE },
    (_, place) => DEATHS[place % DEATHS.length] ?? 'replica',
  );
  const figures = await killClusterRounds(t, deaths, {
    prefix: `life${life}`,
    loadMsMax: CLUSTER_LOAD_MS_MAX,
    died: (death) => results.add({ [FIGURE_OF[death]]: 1 }),
    signal,
  });
  results.add({
    replicatedAcknowledged: figures.acknowledged,
    replicatedRefused: figures.refused,
    replicatedDeliveries: figures.deliveries,
    replicatedItems: figures.items,
  });
}
