// Kills the service at random moments under load and checks what is left: one life of a database, many deaths.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Stored } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import type { Options, Service } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { DeliveryLoad } from './delivery-load.ts';
import { ForwardedLoad } from './forwarded-load.ts';
import { LiveBackups } from './live-backups.ts';
import { Load, RETENTION, isAged } from './load.ts';
import { assertGoneForGood, assertRemoved } from './removed-messages.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';
import { assertWhole, heldInFile } from './whole-deliveries.ts';

/** Some deaths come before the service listens: while it opens, migrates and recovers the file. */
const EARLY_DEATHS = 0.25;
const EARLY_MS_MAX = 400;
/** A death that is to come after a number of posts comes after this time at the latest, and up to so long after them. */
const POSTS_MS_MAX = 60_000;
const AFTER_POSTS_MS_MAX = 50;
const WATCH_MS = 5;
/** One message in so many is old, where there is retention. */
const OLD_EVERY = 10;
/** So often a death has a backup beside it, where there are any. */
const BACKUPS = 0.3;

export interface KillFigures {
  kills: number;
  /** Messages that were posted one by one. */
  acknowledged: number;
  /** Deliveries of a named source, of several items each, and these items. */
  deliveries: number;
  items: number;
  rows: number;
  /** Messages and deliveries that an application got, and how many of them again. */
  forwarded: number;
  repeats: number;
  /** Messages that retention has removed. */
  removed: number;
  backups: number;
}

export interface KillOptions {
  readonly rounds: number;
  /** What comes before a death at most: time under load in milliseconds, or accepted posts, however long they take. */
  readonly load: { readonly msMax: number } | { readonly postsMax: number };
  /** Makes ids that no other life makes. */
  readonly life: string;
  /** The service to run, where it is not the project's own. */
  readonly main?: string;
  /** What a delivery has at most, as a `DeliveryLoad` takes it. */
  readonly ownMax?: number;
  /** The whole file is checked at one start in so many, and at the end; at each unless given. */
  readonly checkEvery?: number;
  /** What runs beside the load. */
  readonly forwards?: boolean;
  readonly retention?: boolean;
  readonly backups?: boolean;
  /** Ends the life after the present death, when aborted. */
  readonly signal?: AbortSignal;
}

/** A database, and a provider that posts to the process that serves it: what is not accepted before a death is sent again after it. */
interface Life {
  readonly asked: KillOptions;
  readonly options: Options & { readonly directory: string };
  readonly databasePath: string;
  readonly acknowledged: Map<string, Stored>;
  /** Ids of old messages that have no answer of 200: they may be stored. */
  readonly uncertain: Set<string>;
  readonly deliveries: DeliveryLoad;
  readonly forwards: ForwardedLoad | null;
  readonly backups: LiveBackups | null;
  /** Where the provider posts to: none while nobody listens. */
  readonly ports: number[];
}

/** Runs `rounds` deaths of one database. Rejects at the first thing that is lost, doubled, miscounted or there in parts. */
export async function killRounds(t: Cleaner, asked: KillOptions): Promise<KillFigures> {
  const life = await begin(t, asked);
  let kills = 0;
  for (; kills < asked.rounds && asked.signal?.aborted !== true; kills += 1) {
    if (Math.random() < EARLY_DEATHS) await dieEarly(t, life);
    else await dieUnderLoad(t, life, kills);
  }
  return await end(t, life, kills);
}

async function begin(t: Cleaner, asked: KillOptions): Promise<Life> {
  const ports: number[] = [];
  const directory = temporaryDirectory(t);
  const databasePath = join(directory, 'app.db');
  const { life: prefix, ownMax } = asked;
  const load = { ports: () => ports, prefix };
  const forwards = asked.forwards === true ? await ForwardedLoad.start(t, load) : null;
  const acknowledged = new Map<string, Stored>();
  const deliveries = new DeliveryLoad({
    ...load,
    senders: 8,
    ...(ownMax === undefined ? {} : { ownMax }),
  });
  t.after(() => deliveries.abandon());
  const before = { messages: acknowledged, deliveries: deliveries.acknowledged };
  return {
    asked,
    options: {
      directory,
      env: { ...SOURCES, ...forwards?.env, ...(asked.retention === true ? RETENTION : {}) },
      ...(asked.main === undefined ? {} : { main: asked.main }),
    },
    databasePath,
    acknowledged,
    uncertain: new Set(),
    deliveries,
    forwards,
    backups: asked.backups === true ? new LiveBackups(t, databasePath, before) : null,
    ports,
  };
}

async function dieEarly(t: Cleaner, { options }: Life): Promise<void> {
  const service = new ServiceProcess(t, options);
  await sleep(Math.random() * EARLY_MS_MAX);
  await service.stop('SIGKILL');
}

async function dieUnderLoad(t: Cleaner, life: Life, kill: number): Promise<void> {
  const { acknowledged, asked, backups, ports } = life;
  const service = await startService(t, life.options);
  // Before what was not accepted comes again: that would hide what is missing.
  if (kill % (asked.checkEvery ?? 1) === 0) assertHeld(life, acknowledged);
  const load = new Load({
    port: service.port,
    connections: 16,
    prefix: `${asked.life}-${kill}`,
    acknowledged,
    ...(asked.retention === true ? { oldEvery: OLD_EVERY } : {}),
  });
  ports.push(service.port);
  const share = Math.random() < BACKUPS ? Math.random() : 1;
  const amount = Math.random();
  await underLoad(life, amount * share);
  if (share < 1) backups?.begin();
  await underLoad(life, amount * (1 - share));
  assert.deepEqual(await service.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  ports.pop();
  await load.ended();
  for (const status of load.statuses.keys())
    assert.ok(status === 200 || status === 503, `status ${status}`);
  for (const [id, sent] of [...load.unanswered, ...load.refused])
    if (isAged(sent) && !acknowledged.has(id)) life.uncertain.add(id);
}

/** Resolves after a part, up to 1, of what comes before a death at most. */
async function underLoad({ asked, acknowledged, deliveries }: Life, part: number): Promise<void> {
  const { load } = asked;
  if (part === 0) return;
  if ('msMax' in load) return await sleep(25 + part * load.msMax);
  const accepted = (): number => acknowledged.size + deliveries.acknowledged.size;
  const enough = accepted() + part * load.postsMax;
  const endMs = performance.now() + POSTS_MS_MAX;
  while (accepted() < enough && performance.now() < endMs) await sleep(WATCH_MS);
  await sleep(Math.random() * AFTER_POSTS_MS_MAX);
}

/** Starts the service once more, without retention, so that it comes to rest, and checks everything. */
async function end(t: Cleaner, life: Life, kills: number): Promise<KillFigures> {
  const { acknowledged, asked, deliveries, forwards, databasePath } = life;
  const env = { ...life.options.env, RETENTION_DAYS: undefined };
  const service = await startService(t, { ...life.options, env });
  assertHeld(life, acknowledged);
  life.ports.push(service.port);
  await deliveries.stop();
  await forwards?.settle(service);
  const single = new Map([...acknowledged, ...(forwards?.acknowledged ?? [])]);
  if (asked.retention === true) await assertGoneForGood(service, acknowledged);
  await assertReads(service, acknowledged);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  const rows = assertHeld(life, single);
  assertSound(databasePath);
  return {
    kills,
    acknowledged: single.size,
    deliveries: deliveries.acknowledged.size,
    items: deliveries.acknowledged.values().reduce((sum, items) => sum + items, 0),
    rows,
    ...(forwards?.assertArrived(databasePath, kills) ?? { forwarded: 0, repeats: 0 }),
    removed: assertRemoved(databasePath, single, life.uncertain),
    backups: (await life.backups?.verify(asked.ownMax)) ?? 0,
  };
}

/** What the service counts and finds is what the file holds, once the index is near enough for it to answer. */
async function assertReads(
  service: Service,
  acknowledged: ReadonlyMap<string, Stored>,
): Promise<void> {
  await eventually(
    'reads',
    async () => (await service.get('/stats')).status === 200 || undefined,
    50,
  );
  const kept = [...acknowledged].filter(([, sent]) => !isAged(sent));
  await assertConsistent(service, new Map(kept));
}

/** Every acknowledged message is in the file once, unless retention may have removed it, and every delivery whole. Returns the number of messages. */
function assertHeld(
  { asked, deliveries, databasePath }: Life,
  acknowledged: ReadonlyMap<string, Stored>,
): number {
  const mayBeGone = (sent: Stored): boolean => asked.retention === true && isAged(sent);
  const rows = assertStored(databasePath, acknowledged, undefined, mayBeGone);
  const database = new DatabaseSync(databasePath, { readOnly: true, timeout: 10_000 });
  try {
    assertWhole(heldInFile(database), deliveries.acknowledged.keys(), asked.ownMax);
  } finally {
    database.close();
  }
  return rows;
}
