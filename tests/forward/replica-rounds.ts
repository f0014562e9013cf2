// Kills the replica that forwards, the application behind it, and the database, while posts come: what arrives, how often and in which order.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Provider } from '../postgres/provider.ts';
import { startReplica, startReplicas } from '../postgres/replicas.ts';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { postgresDatabase, postgresServer, queryOnce } from '../support/postgres.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { Environment, Service } from '../support/service.ts';
import { assertOrdered, deadOf, forwardingTo, statusOf } from './forwarding.ts';
import { Receiver } from './receiver.ts';

const REPLICAS = 2;
const SENDERS = 2;
const CONCURRENCY = 8;
/** Requests that are made again where a process loses what it knows of them: those in flight, and those whose results are not durable. */
const REPEATS_MAX = 2 * CONCURRENCY;
/** The longest time under load before a death, and for which the database or the application is dead. */
const LOAD_MS_MAX = 1_500;
const DEAD_MS_MAX = 1_500;

/** What dies: the replica that forwards (another is started), the application, or the database (they are started again). */
export type ForwardDeath = 'forwarder' | 'receiver' | 'database';

/** Each kind follows each other one. */
export const FORWARD_DEATHS: readonly ForwardDeath[] = [
  'forwarder',
  'receiver',
  'database',
  'forwarder',
  'database',
  'receiver',
];

export interface ReplicaKillOptions {
  /** Makes ids that no other rounds make. */
  readonly prefix: string;
  readonly random: () => number;
}

export interface ReplicaKillFigures {
  readonly items: number;
  readonly repeats: number;
}

/** One life of a database, with all that stands around it. */
interface Life {
  readonly t: Cleaner;
  readonly random: () => number;
  readonly database: PostgresServer;
  readonly url: string;
  readonly env: Environment;
  readonly receiver: Receiver;
  /** Those that run now. */
  readonly services: Service[];
  /** Those that were killed. */
  readonly dead: Service[];
}

/**
 * Runs the deaths over one database with two replicas, under load. Rejects unless forwarding goes on after each, and afterwards the
 * application has exactly what is stored, the items of each sender in order, and few of them again.
 */
export async function replicaKillRounds(
  t: Cleaner,
  deaths: Iterable<ForwardDeath>,
  { prefix, random }: ReplicaKillOptions,
): Promise<ReplicaKillFigures> {
  const database = await postgresServer(t);
  const url = await postgresDatabase(t, database);
  const receiver = await Receiver.start(t);
  const env = forwardingTo(receiver, { CONCURRENCY: String(CONCURRENCY), START: 'beginning' });
  const services = await startReplicas(t, url, REPLICAS, { env });
  const life: Life = { t, random, database, url, env, receiver, services, dead: [] };
  const ports = (): number[] => services.map(({ port }) => port);
  const provider = new Provider({ ports, prefix, senders: SENDERS });
  t.after(() => provider.abandon());
  let cut = 0;
  for (const death of deaths) {
    await goesOn(receiver);
    await sleep(random() * LOAD_MS_MAX);
    await die(life, death);
    await goesOn(receiver);
    if (death === 'receiver') cut += 1;
  }
  await provider.stop();
  const rows = await storedIn(url);
  for (const id of provider.acknowledged.keys()) assert.ok(rows.has(id), `${id} is not stored`);
  const [service] = services;
  assert.ok(service);
  await eventually('everything to be forwarded', async () =>
    (await statusOf(service))['behind'] === 0 ? true : undefined,
  );
  assert.deepEqual(receiver.ids(), rows);
  assertOrdered(receiver);
  assert.deepEqual(await deadOf(service), []);
  const repeats = receiver.accepted.length - rows.size;
  // A replica may also lose its lease without being killed, on a machine that is very slow.
  const lost = [...services, ...life.dead].reduce((sum, each) => sum + turnsOf(each), cut);
  assert.ok(repeats <= lost * REPEATS_MAX, `${repeats} repeats in ${lost} turns`);
  for (const each of services) assert.deepEqual(await each.stop(), { code: 0, signal: null });
  return { items: rows.size, repeats };
}

async function die(life: Life, death: ForwardDeath): Promise<void> {
  const { database, receiver, random } = life;
  switch (death) {
    case 'forwarder':
      await killForwarder(life);
      break;
    case 'receiver':
      await receiver.stop();
      await sleep(random() * DEAD_MS_MAX);
      await receiver.listen();
      // What fails a second time is attempted again minutes later.
      await goesOn(receiver);
      await eventually('what failed to be forwarded', () => hasNoRows(life));
      break;
    case 'database':
      await database.kill();
      await sleep(random() * DEAD_MS_MAX);
      await database.start();
  }
}

/** The other replica has to take over, and has one beside it again when it has. */
async function killForwarder({ t, url, env, receiver, services, dead }: Life): Promise<void> {
  const forwarder = await eventually('a replica that forwards', () => services.find(isForwarding));
  assert.deepEqual(await forwarder.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  dead.push(forwarder);
  services.splice(services.indexOf(forwarder), 1);
  await goesOn(receiver);
  await eventually('the other to say so', () => services.every(isForwarding) || undefined);
  services.push(await startReplica(t, url, { env }));
}

/** More arrives than may have been under way. */
async function goesOn(receiver: Receiver): Promise<void> {
  await receiver.hasAccepted(receiver.ids().size + REPEATS_MAX + 1);
}

async function hasNoRows({ services }: Life): Promise<true | undefined> {
  const [service] = services;
  if (service === undefined) throw new Error('no replica runs');
  const { retrying, waiting } = await statusOf(service);
  return retrying === 0 && waiting === 0 ? true : undefined;
}

/** The states of a replica, one after another; a replica that does not forward is on standby. */
function statesOf({ output }: Service): unknown[] {
  const lines = output.lines().filter(({ event }) => event === 'forward_state');
  return lines.map(({ state }) => state);
}

function isForwarding(service: Service): boolean {
  const last = statesOf(service).at(-1);
  return last !== undefined && last !== 'standby';
}

/** How often a replica has begun to forward. */
function turnsOf(service: Service): number {
  const states = ['standby', ...statesOf(service)];
  return states.filter((state, at) => state !== 'standby' && states[at - 1] === 'standby').length;
}

async function storedIn(url: string): Promise<Set<string>> {
  const rows = await queryOnce(url, `SELECT convert_from(message_id, 'UTF8') AS id FROM messages`);
  return new Set(rows.map(({ id }) => String(id)));
}
