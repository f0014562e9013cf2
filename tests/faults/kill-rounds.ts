// Kills the service at random moments under load and checks what is left: one life of a database, many deaths.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleaner } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Stored } from '../support/message.ts';
import { ServiceProcess, startService } from '../support/service.ts';
import { Load } from './load.ts';
import { assertConsistent, assertSound, assertStored } from './verify.ts';

/** Some deaths come before the service listens: while it opens, migrates and recovers the file. */
const EARLY_DEATHS = 0.25;
const EARLY_MS_MAX = 400;

export interface KillFigures {
  kills: number;
  acknowledged: number;
  rows: number;
}

export interface KillOptions {
  readonly rounds: number;
  /** The longest time under load before a death. */
  readonly loadMsMax: number;
  /** Makes ids that no other life makes. */
  readonly life: string;
}

/** Runs `rounds` deaths of one database. Rejects at the first thing that is lost, doubled or miscounted. */
export async function killRounds(t: Cleaner, options: KillOptions): Promise<KillFigures> {
  const { rounds, loadMsMax, life } = options;
  const directory = temporaryDirectory(t);
  const acknowledged = new Map<string, Stored>();
  const figures: KillFigures = { kills: 0, acknowledged: 0, rows: 0 };
  for (let round = 0; round < rounds; round += 1) {
    if (Math.random() < EARLY_DEATHS) await dieEarly(t, directory);
    else {
      const aliveMs = 50 + Math.random() * loadMsMax;
      await dieUnderLoad(t, directory, `${life}-${round}`, aliveMs, acknowledged);
    }
    figures.kills += 1;
  }
  const service = await startService(t, { directory });
  await assertConsistent(service, acknowledged);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  figures.rows = assertStored(service.databasePath, acknowledged);
  assertSound(service.databasePath);
  figures.acknowledged = acknowledged.size;
  return figures;
}

async function dieEarly(t: Cleaner, directory: string): Promise<void> {
  const service = new ServiceProcess(t, { directory });
  await sleep(Math.random() * EARLY_MS_MAX);
  await service.stop('SIGKILL');
}

async function dieUnderLoad(
  t: Cleaner,
  directory: string,
  prefix: string,
  aliveMs: number,
  acknowledged: Map<string, Stored>,
): Promise<void> {
  const service = await startService(t, { directory });
  assertStored(service.databasePath, acknowledged);
  const load = new Load({ port: service.port, connections: 16, prefix });
  await sleep(aliveMs);
  assert.deepEqual(await service.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  await load.ended();
  for (const [id, stored] of load.acknowledged) acknowledged.set(id, stored);
  for (const status of load.statuses.keys())
    assert.ok(status === 200 || status === 503, `status ${status}`);
}
