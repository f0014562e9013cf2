// Kills the service at random moments under load and checks what is left: one life of a database, many deaths.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleaner } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Stored } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import type { Options } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { DeliveryLoad } from './delivery-load.ts';
import { Load } from './load.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';
import { assertWhole, heldInFile } from './whole-deliveries.ts';

/** Some deaths come before the service listens: while it opens, migrates and recovers the file. */
const EARLY_DEATHS = 0.25;
const EARLY_MS_MAX = 400;

export interface KillFigures {
  kills: number;
  acknowledged: number;
  /** Deliveries of a named source, of several items each. */
  deliveries: number;
  rows: number;
}

export interface KillOptions {
  readonly rounds: number;
  /** The longest time under load before a death. */
  readonly loadMsMax: number;
  /** Makes ids that no other life makes. */
  readonly life: string;
  /** The service to run, where it is not the project's own. */
  readonly main?: string;
}

/** A database, and a provider that posts to whoever serves it: what is not accepted before a death is sent again after it. */
interface Life {
  readonly options: Options & { readonly directory: string };
  readonly acknowledged: Map<string, Stored>;
  readonly deliveries: DeliveryLoad;
  /** Where the provider posts to: none while nobody listens. */
  readonly ports: number[];
}

/** Runs `rounds` deaths of one database. Rejects at the first thing that is lost, doubled, miscounted or there in parts. */
export async function killRounds(t: Cleaner, options: KillOptions): Promise<KillFigures> {
  const { rounds, loadMsMax, life: prefix } = options;
  const ports: number[] = [];
  const life: Life = {
    options: {
      directory: temporaryDirectory(t),
      env: SOURCES,
      ...(options.main === undefined ? {} : { main: options.main }),
    },
    acknowledged: new Map(),
    deliveries: new DeliveryLoad({ ports: () => ports, prefix, senders: 8 }),
    ports,
  };
  t.after(() => life.deliveries.abandon());
  let kills = 0;
  for (; kills < rounds; kills += 1) {
    if (Math.random() < EARLY_DEATHS) await dieEarly(t, life);
    else await dieUnderLoad(t, life, `${prefix}-${kills}`, 50 + Math.random() * loadMsMax);
  }
  const { acknowledged, deliveries } = life;
  const service = await startService(t, life.options);
  assertDeliveries(service.databasePath, life);
  life.ports.push(service.port);
  await deliveries.stop();
  await assertConsistent(service, acknowledged);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  const rows = assertStored(service.databasePath, acknowledged);
  assertDeliveries(service.databasePath, life);
  assertSound(service.databasePath);
  return { kills, acknowledged: acknowledged.size, deliveries: deliveries.acknowledged.size, rows };
}

async function dieEarly(t: Cleaner, { options }: Life): Promise<void> {
  const service = new ServiceProcess(t, options);
  await sleep(Math.random() * EARLY_MS_MAX);
  await service.stop('SIGKILL');
}

async function dieUnderLoad(
  t: Cleaner,
  life: Life,
  prefix: string,
  aliveMs: number,
): Promise<void> {
  const { acknowledged } = life;
  const service = await startService(t, life.options);
  assertStored(service.databasePath, acknowledged);
  // Before what was not accepted comes again: that would hide what is missing.
  assertDeliveries(service.databasePath, life);
  const load = new Load({ port: service.port, connections: 16, prefix });
  life.ports.push(service.port);
  await sleep(aliveMs);
  assert.deepEqual(await service.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  life.ports.pop();
  await load.ended();
  for (const [id, stored] of load.acknowledged) acknowledged.set(id, stored);
  for (const status of load.statuses.keys())
    assert.ok(status === 200 || status === 503, `status ${status}`);
}

function assertDeliveries(path: string, { deliveries }: Life): void {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    assertWhole(heldInFile(database), deliveries.acknowledged.keys());
  } finally {
    database.close();
  }
}
