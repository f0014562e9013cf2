// Ten times what the service can store, over thousands of connections, among callers who only stall: what it costs and what is left.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { Crowd } from './crowd.ts';
import { Flood } from './flood.ts';
import type { FloodFigures } from './flood.ts';
import { buildShim, Disk } from './shim.ts';
import { assertConsistent, assertStored } from './verify.ts';

/**
 * The disk is made slow, so that ten times what it can store is a rate that one machine can send and answer:
 * on a quick one the sender would be the bottleneck.
 */
const SYNC_MS = 300;
const WARM_MS = 1_000;
const CAPACITY_MS = 6_000;
const OVERLOAD_MS = 15_000;
/** Enough posts under way for full batches, and few enough for none to be refused. */
const CAPACITY_CONNECTIONS = 512;
const CONNECTIONS = 3_000;
const FACTOR = 10;
const SAMPLE_MS = 100;

export interface OverloadFigures {
  capacityPerSecond: number;
  offeredPerSecond: number;
  acceptedPerSecond: number;
  acceptedP50Ms: number;
  acceptedP99Ms: number;
  refusedShare: number;
  refusedP99Ms: number;
  cutOff: number;
  crowdCutOff: number;
  probeMaxMs: number;
  rssBeforeMiB: number;
  rssPeakMiB: number;
  recoveredMs: number;
}

/** Runs it and returns the figures. Rejects when an acknowledged message is missing, or an answer is neither 200 nor 503. */
export async function overload(t: Cleaner): Promise<OverloadFigures> {
  const built = buildShim(t);
  if ('reason' in built) throw new Error(built.reason);
  const disk = new Disk(t, built.library, temporaryDirectory(t));
  const env = disk.env({ trace: false });
  const service = await startService(t, { directory: disk.directory, env });
  disk.slowDown(SYNC_MS);
  const { port } = service;

  const full = new Flood({ port, connections: CAPACITY_CONNECTIONS, prefix: 'full' });
  await full.start();
  await sleep(WARM_MS);
  const [warm, warmMs] = [full.figures.acceptedMs.length, performance.now()];
  await sleep(CAPACITY_MS);
  const capacity = ((full.figures.acceptedMs.length - warm) / (performance.now() - warmMs)) * 1_000;
  await full.stop();

  const rssBeforeMiB = residentMiB(service);
  const watch = new Watch(service);
  const crowd = new Crowd(port);
  const flood = new Flood({
    port,
    connections: CONNECTIONS,
    rate: capacity * FACTOR,
    prefix: 'flood',
  });
  crowd.start();
  await flood.start();
  const startMs = performance.now();
  await sleep(OVERLOAD_MS);
  const seconds = (performance.now() - startMs) / 1_000;
  const during = summary(flood.figures, seconds);
  const endMs = performance.now();
  const stopped = flood.stop();
  crowd.stop();
  while ((await service.post(message()).catch(() => null))?.status !== 200) await sleep(SAMPLE_MS);
  const recoveredMs = Math.round(performance.now() - endMs - SYNC_MS);
  await stopped;
  const { probeMaxMs, peakMiB } = await watch.end();

  assert.deepEqual([...flood.figures.others], []);
  disk.slowDown(0);
  const acknowledged = new Map([...full.acknowledged, ...flood.acknowledged]);
  assert.deepEqual(await service.stop(), { code: 0, signal: null });
  assertStored(service.databasePath, acknowledged);
  const next = await startService(t, { directory: disk.directory, env });
  await assertConsistent(next, new Map());
  return {
    capacityPerSecond: Math.round(capacity),
    ...during,
    cutOff: flood.figures.cutOff,
    crowdCutOff: crowd.cutOff,
    probeMaxMs,
    rssBeforeMiB,
    rssPeakMiB: peakMiB,
    recoveredMs,
  };
}

function summary(figures: FloodFigures, seconds: number) {
  const { sent, acceptedMs, refusedMs } = figures;
  return {
    offeredPerSecond: Math.round((sent + figures.heldBack) / seconds),
    acceptedPerSecond: Math.round(acceptedMs.length / seconds),
    acceptedP50Ms: percentile(acceptedMs, 0.5),
    acceptedP99Ms: percentile(acceptedMs, 0.99),
    refusedShare: Number((refusedMs.length / (refusedMs.length + acceptedMs.length)).toFixed(3)),
    refusedP99Ms: percentile(refusedMs, 0.99),
    heldBack: figures.heldBack,
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * part)] ?? Number.NaN);
}

function residentMiB(service: Service): number {
  const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s*([0-9]+) kB/m.exec(status)?.[1]) / 1_024);
}

/** Samples the memory of the process, and asks its probes as an orchestrator does. */
class Watch {
  #ended = false;
  #peakMiB = 0;
  #probeMaxMs = 0;
  readonly #work: Promise<void>;

  constructor(service: Service) {
    this.#work = this.#sample(service);
  }

  async end(): Promise<{ probeMaxMs: number; peakMiB: number }> {
    this.#ended = true;
    await this.#work;
    return { probeMaxMs: Math.round(this.#probeMaxMs), peakMiB: this.#peakMiB };
  }

  async #sample(service: Service): Promise<void> {
    while (!this.#ended) {
      this.#peakMiB = Math.max(this.#peakMiB, residentMiB(service));
      const startMs = performance.now();
      assert.equal((await service.get('/health/live')).status, 200);
      this.#probeMaxMs = Math.max(this.#probeMaxMs, performance.now() - startMs);
      await sleep(SAMPLE_MS);
    }
  }
}
