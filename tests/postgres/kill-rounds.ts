// Kills replicas, the database, and the primary of its cluster, at random moments under load: one life of a cluster, many deaths.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { DeliveryLoad } from '../faults/delivery-load.ts';
import { assertWhole, heldInPostgres } from '../faults/whole-deliveries.ts';
import { postgresCluster } from '../support/postgres-cluster.ts';
import type { PostgresCluster } from '../support/postgres-cluster.ts';
import type { Service } from '../support/service.ts';
import { SOURCES } from '../support/sources.ts';
import { assertCounted, assertKept, assertStreamed } from './kept.ts';
import { Provider } from './provider.ts';
import { startReplica, startReplicas } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const REPLICAS = 3;
const SENDERS = 32;
const DELIVERY_SENDERS = 8;
/** The longest time for which the database is dead. */
const DEAD_MS_MAX = 1_500;

/** What dies: one replica, the database (it is started again), or the primary (a standby takes its place). */
export type Death = 'replica' | 'database' | 'primary';

export interface DeathOptions {
  /** Makes ids that no other life makes. */
  readonly prefix: string;
  /** The longest time under load before a death. */
  readonly loadMsMax: number;
  /** Is told of each death. */
  readonly died?: (death: Death) => void;
  /** Ends the life after the present death, when aborted. */
  readonly signal?: AbortSignal;
}

export interface DeathFigures {
  readonly acknowledged: number;
  /** Rows at the end: messages of which no answer came may be among them. */
  readonly stored: number;
  /** Answers of 503 on the way. */
  readonly refused: number;
  /** Deliveries of several items each, of a named source, that were acknowledged, and these items. */
  readonly deliveries: number;
  readonly items: number;
}

/**
 * Runs the deaths over one cluster with three replicas of the service, under load. Rejects unless afterwards every acknowledged
 * message is there once and every delivery whole, every replica counts and finds what is there, and streams have shown all of it once and in order.
 */
export async function killRounds(
  t: Cleaner,
  deaths: Iterable<Death>,
  options: DeathOptions,
): Promise<DeathFigures> {
  const cluster = await postgresCluster(t);
  const services = await startReplicas(t, cluster.url, REPLICAS, { env: SOURCES });
  const ports = (): number[] => services.map(({ port }) => port);
  // Each begins with another replica, and goes on with another one when that is gone.
  const readers = services.map((_, place) => {
    let turn = place;
    return new StreamReader(t, () => ports()[(turn += 1) % REPLICAS] ?? 0);
  });
  const { prefix } = options;
  const provider = new Provider({ ports, prefix, senders: SENDERS });
  const deliveries = new DeliveryLoad({ ports, prefix, senders: DELIVERY_SENDERS });
  for (const death of deaths) {
    if (options.signal?.aborted === true) break;
    const before = provider.acknowledged.size;
    await eventually('messages', () => provider.acknowledged.size > before || undefined);
    await sleep(Math.random() * options.loadMsMax);
    await die(t, death, cluster, services);
    options.died?.(death);
  }
  await Promise.all([provider.stop(), deliveries.stop()]);
  for (const status of provider.statuses.keys()) assert.ok(status === 200 || status === 503);
  const { acknowledged } = provider;
  const url = cluster.urlOf(cluster.primary);
  assertWhole(await heldInPostgres(url), deliveries.acknowledged.keys());
  const kept = await assertKept(url, acknowledged, (id) => id.startsWith('wa:'));
  for (const reader of readers) assertStreamed(await reader.take(kept.length), kept);
  for (const service of services) await assertCounted(service, kept);
  for (const service of services) assert.deepEqual(await service.stop(), { code: 0, signal: null });
  const refused = provider.statuses.get(503) ?? 0;
  return {
    acknowledged: acknowledged.size,
    stored: kept.length,
    refused,
    deliveries: deliveries.acknowledged.size,
    items: deliveries.acknowledged.values().reduce((sum, items) => sum + items, 0),
  };
}

async function die(
  t: Cleaner,
  death: Death,
  cluster: PostgresCluster,
  services: Service[],
): Promise<void> {
  if (death === 'replica') {
    const place = Math.floor(Math.random() * services.length);
    assert.deepEqual(await services[place]?.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
    services[place] = await startReplica(t, cluster.url, { env: SOURCES });
    return;
  }
  const old = cluster.primary;
  if (death === 'primary') {
    await cluster.failOver();
    await cluster.rejoin(old);
  } else {
    await cluster.kill(old);
    await sleep(Math.random() * DEAD_MS_MAX);
    await cluster.nodes[old].start();
  }
  // The next death must leave somebody who has what was acknowledged.
  await cluster.complete();
}
