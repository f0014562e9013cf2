// Power loss, simulated: records a real run of the service, and opens what the disk would hold at each of many moments.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { memoryDirectory } from '../support/cleanup.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { eventually } from '../support/bounded.ts';
import { startService } from '../support/service.ts';
import type { Options } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { DurableDisk } from './durable-disk.ts';
import type { Image } from './durable-disk.ts';
import { assertIndexFits } from './index-oracle.ts';
import { DeliveryLoad } from './delivery-load.ts';
import { assertForwarded } from './forwarded-rows.ts';
import { Load } from './load.ts';
import type { Disk } from './shim.ts';
import { acknowledgedIn, FILES, readTrace } from './trace.ts';
import type { FileNumber, TraceRecord } from './trace.ts';
import { assertWhole, heldInFile } from './whole-deliveries.ts';

/** The index gathers messages before it takes them. */
const SETTLE_MS = 1_200;
/** Between the posts of a connection, so that what each cut is checked against is not mostly more of the same, and the log stays short. */
const PAUSE_MS = 50;
/** A record of more messages is to be long, and has no pauses. */
const SHORT_MESSAGES = 1_000;
/** So many are waited for at once. */
const SOME_MESSAGES = 250;
/** The files that messages are durable in. */
const TRUTH: readonly FileNumber[] = [1, 2, 4];

/** What the ids of messages begin with in these records. */
export const PREFIX = 'power';
/** The same of the keys of deliveries. */
const DELIVERIES = 'batch';

/**
 * Runs the service on a recording disk: it is stopped, killed and started again, as in life.
 * Each of the three runs takes `messages` messages, and deliveries of a named source beside them.
 */
export async function recordRun(
  t: Cleaner,
  disk: Disk,
  messages: number,
  options: Options = {},
): Promise<TraceRecord[]> {
  const pauseMs = messages > SHORT_MESSAGES ? 0 : PAUSE_MS;
  for (const [run, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    const env = { ...SOURCES, ...options.env, ...disk.env({ trace: true }) };
    const service = await startService(t, { ...options, directory: disk.directory, env });
    const prefix = `${PREFIX}-${run}`;
    const load = new Load({
      port: service.port,
      connections: 4,
      prefix,
      reads: false,
      pauseMs,
    });
    const deliveries = new DeliveryLoad({
      ports: () => [service.port],
      prefix: `${DELIVERIES}-${run}`,
      senders: 2,
      pauseMs: pauseMs / 2,
      endsWithService: true,
    });
    // Some after the other: a long record takes longer than anything is waited for.
    for (let some = 0; some < messages; some += SOME_MESSAGES)
      await hasAcknowledged(load, Math.min(messages, some + SOME_MESSAGES));
    await eventually('deliveries', () => deliveries.acknowledged.size > 0 || undefined);
    if (signal === 'SIGTERM') await Promise.all([load.stop(), deliveries.stop()]);
    // Long enough for what is filled behind the commit to be written as well.
    await sleep(SETTLE_MS);
    await service.stop(signal);
    await load.ended();
    await deliveries.stop();
  }
  return readTrace(disk.tracePath);
}

async function hasAcknowledged(load: Load, count: number): Promise<void> {
  await eventually('messages', () => load.acknowledged.size >= count || undefined);
}

/** No 200 leaves the socket before the end of a sync that covers the bytes of its message. Returns the number of answers. */
export function assertSyncedBeforeAnswer(records: readonly TraceRecord[]): number {
  const unsynced = new Map<string, number>();
  const durable = new Set<string>();
  const begun = new Map<number, number>();
  let answers = 0;
  for (const [index, { kind, file, offset, data, error }] of records.entries()) {
    if (kind === 'write' && TRUTH.includes(file)) {
      for (const [id] of data.toString('latin1').matchAll(/power-[0-9]-[0-9]+(?=\+)/g))
        if (!durable.has(id) && !unsynced.has(id)) unsynced.set(id, index);
    } else if (kind === 'syncBegin' && TRUTH.includes(file)) {
      begun.set(offset, index);
    } else if (kind === 'syncEnd' && TRUTH.includes(file)) {
      for (const [id, written] of unsynced) {
        if (written > (begun.get(offset) ?? 0)) continue;
        // What a failed sync covered has to be written again before a later one can vouch for it.
        unsynced.delete(id);
        if (error === 0) durable.add(id);
      }
    } else if (kind === 'answer') {
      for (const id of acknowledgedIn(data, PREFIX)) {
        assert.ok(durable.has(id), `${id} was answered 200 before it was synced`);
        answers += 1;
      }
    }
  }
  return answers;
}

export interface PowerFigures {
  cuts: number;
  acknowledged: number;
  /** Deliveries of several items that were acknowledged. */
  deliveries: number;
  /** Cuts after which there was an index that lists something. */
  indexed: number;
  /** Cuts after which a destination had finished something. */
  forwarded: number;
}

export interface CutOptions {
  /** Returns numbers from 0 to 1. */
  readonly random?: () => number;
  /** What was on the disk before the record. */
  readonly held?: ReadonlyMap<FileNumber, Buffer>;
  /** Called with a directory that holds what is left, once in so many cuts. */
  readonly every?: number;
  readonly inspect?: (path: string, acknowledged: ReadonlySet<string>) => Promise<void>;
  /** What the application of a destination took in the record, if there is one: the ids. */
  readonly taken?: ReadonlySet<string>;
  /** Ends it after the present moment, when aborted. */
  readonly signal?: AbortSignal;
}

/** What must be on the disk. */
interface Promised {
  readonly acknowledged: ReadonlySet<string>;
  readonly deliveries: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

/** What a disk holds: where it is, null where it does not have all of its tables yet, how far its index is, and how many items were forwarded. */
interface Survivor {
  readonly path: string | null;
  readonly indexed: number;
  readonly forwarded: number;
}

/**
 * Cuts the power at `moments` places of the record, spread over all of it, and checks each in three ways: only
 * what was synced, that and torn parts of the rest, everything. Fails at the first acknowledged message or delivery that is missing,
 * where a delivery is there in parts, where a destination is past what was not taken, or where the index is damaged or is not what a scan says.
 */
export async function cutPower(
  t: Cleaner,
  records: readonly TraceRecord[],
  moments: number,
  options: CutOptions = {},
): Promise<PowerFigures> {
  const { random = Math.random, held, every = Infinity, inspect, signal } = options;
  const { taken = new Set<string>() } = options;
  const directory = memoryDirectory(t);
  const disk = new DurableDisk();
  for (const [file, content] of held ?? []) disk.hold(file, content);
  const acknowledged = new Set<string>();
  const deliveries = new Set<string>();
  const figures: PowerFigures = {
    cuts: 0,
    acknowledged: 0,
    deliveries: 0,
    indexed: 0,
    forwarded: 0,
  };
  const chance = moments / records.length;
  for (const [index, record] of records.entries()) {
    disk.play(record);
    if (record.kind === 'answer') {
      for (const id of acknowledgedIn(record.data, PREFIX)) acknowledged.add(id);
      for (const key of acknowledgedIn(record.data, DELIVERIES)) deliveries.add(key);
    }
    if (random() >= chance) continue;
    // The tests beside this one have their turn: without it their answers would not be read, and be missed, for as long as all of it takes.
    await nextTurn();
    if (signal?.aborted === true) break;
    const images = { synced: disk.synced(), torn: disk.torn(random), written: disk.written() };
    for (const [name, image] of Object.entries(images)) {
      const moment = `${name}, after record ${index}`;
      const promised = { acknowledged, deliveries, taken };
      const { path, indexed, forwarded } = assertSurvives(directory, image, promised, moment);
      if (indexed > 0) figures.indexed += 1;
      if (forwarded > 0) figures.forwarded += 1;
      figures.cuts += 1;
      if (path !== null && figures.cuts % every === 0) await inspect?.(path, acknowledged);
    }
  }
  figures.acknowledged = acknowledged.size;
  figures.deliveries = deliveries.size;
  return figures;
}

/** How far the index is. */
function indexFits(database: DatabaseSync, path: string, moment: string): number {
  try {
    return assertIndexFits(database, path);
  } catch (error) {
    throw new Error(`the index when the power is cut: ${moment}`, { cause: error });
  }
}

/**
 * Opens what the disk holds, as the next start would: it is sound, every acknowledged message is there, deliveries are there whole, and
 * destinations are where they can be.
 */
function assertSurvives(
  directory: string,
  image: Image,
  { acknowledged, deliveries, taken }: Promised,
  moment: string,
): Survivor {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  for (const [file, content] of image) writeFileSync(join(directory, FILES[file]), content);
  const path = join(directory, FILES[1]);
  const database = new DatabaseSync(path);
  try {
    // What recovering and closing it write need not survive.
    database.exec('PRAGMA synchronous = OFF');
    const check = database.prepare('PRAGMA integrity_check').all();
    assert.deepEqual(
      check.map((row) => row['integrity_check']),
      ['ok'],
      moment,
    );
    const isThere = (table: string): boolean =>
      database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
    const rows = isThere('messages')
      ? database.prepare('SELECT message_id FROM messages').all()
      : [];
    const ids = new Set(rows.map((row) => String(row['message_id'])));
    const lost = [...acknowledged].filter((id) => !ids.has(id));
    assert.deepEqual(lost, [], `lost when the power is cut: ${moment}`);
    if (isThere('deliveries')) assertWhole(heldInFile(database), deliveries);
    else assert.equal(deliveries.size, 0, `lost when the power is cut: ${moment}`);
    // Cut between two migrations, the next start makes the rest, and an epoch that no index knows.
    const complete = isThere('epochs') && isThere('removals');
    return {
      path: complete ? path : null,
      indexed: complete ? indexFits(database, path, moment) : 0,
      forwarded: isThere('forwards') ? assertForwarded(database, taken) : 0,
    };
  } finally {
    database.close();
  }
}
