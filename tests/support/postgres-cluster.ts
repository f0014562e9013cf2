// A primary and two standbys of PostgreSQL: a commit is acknowledged when one of the other two has it on disk as well.
import { randomBytes } from 'node:crypto';
import { eventually } from './bounded.ts';
import type { Cleaner } from './cleanup.ts';
import { OWNER, plainClient, queryOnce, startWithOwner, VERSION } from './postgres.ts';
import { PostgresServer } from './postgres-server.ts';
import type { PostgresSettings } from './postgres-server.ts';

/** The nodes by name: `a` is the primary at first. */
export type NodeName = 'a' | 'b' | 'c';

const NAMES: readonly NodeName[] = ['a', 'b', 'c'];

/** The same on all nodes. A node that was away finds what it missed. */
const SETTINGS: PostgresSettings = { max_connections: 200, wal_keep_size: '1GB' };

/** How much of its log a node that does not follow leaves in the error. */
const LOG_UNITS = 2_000;

/** The cluster. It fails over when a test says so, as an operator does: nothing happens by itself. */
export class PostgresCluster {
  readonly nodes: Readonly<Record<NodeName, PostgresServer>>;
  readonly #database = `test_${randomBytes(6).toString('hex')}`;
  #primary: NodeName = 'a';

  constructor(nodes: Record<NodeName, PostgresServer>) {
    this.nodes = nodes;
  }

  get primary(): NodeName {
    return this.#primary;
  }

  get standbys(): NodeName[] {
    return NAMES.filter((name) => name !== this.#primary);
  }

  /** The URL of the database, with all nodes as hosts, for a user that owns it. */
  get url(): string {
    const hosts = NAMES.map((name) => `127.0.0.1:${this.nodes[name].port}`);
    return `postgres://${OWNER}:${this.nodes.a.password}@${hosts.join()}/${this.#database}`;
  }

  /** The URL of the database on one node. */
  urlOf(name: NodeName, user = OWNER): string {
    return this.nodes[name].url(this.#database, user);
  }

  /** Starts the three, none of which has run before. */
  async start(): Promise<void> {
    const { a } = this.nodes;
    await startWithOwner(a, SETTINGS);
    await queryOnce(a.url('postgres'), `CREATE DATABASE ${this.#database} OWNER ${OWNER}`);
    for (const name of this.standbys) await this.#follow(name);
    a.configure(quorumOf('a'));
    await this.complete();
  }

  /** Kills a node. */
  async kill(name: NodeName): Promise<void> {
    await this.nodes[name].kill();
  }

  /** Makes a standby the primary; the other one follows it. The old primary must be dead. */
  async promote(name: NodeName): Promise<void> {
    if (this.nodes[this.#primary].running) throw new Error(`${this.#primary} is still the primary`);
    await queryOnce(this.nodes[name].url('postgres'), 'SELECT pg_promote()');
    this.#primary = name;
    for (const other of this.standbys)
      if (this.nodes[other].running) this.nodes[other].configure(this.#source(other));
  }

  /** Kills the primary and promotes the standby that has received more, which therefore has all that was acknowledged. */
  async failOver(): Promise<void> {
    await this.kill(this.#primary);
    const running = this.standbys.filter((name) => this.nodes[name].running);
    for (const name of running) await this.#receivedAll(name);
    const received = new Map<NodeName, bigint>();
    const position = "SELECT pg_last_wal_receive_lsn() - '0/0' AS bytes";
    for (const name of running) {
      const [row] = await queryOnce(this.nodes[name].url('postgres'), position);
      received.set(name, BigInt(String(row?.['bytes'])));
    }
    const [best] = [...received].toSorted(([, one], [, other]) => (one < other ? 1 : -1));
    if (!best) throw new Error('no standby runs');
    await this.promote(best[0]);
  }

  /** Makes a dead node a standby, with a new copy of the primary's data. */
  async rejoin(name: NodeName): Promise<void> {
    const node = this.nodes[name];
    const client = plainClient(this.nodes[this.#primary].url('postgres'));
    await client.connect();
    try {
      await client.query("SELECT pg_backup_start('rejoin', true)");
      node.takeData(this.nodes[this.#primary]);
      const { rows } = await client.query<{ labelfile: string }>(
        'SELECT labelfile FROM pg_backup_stop(false)',
      );
      node.writeData('backup_label', rows[0]?.labelfile ?? '');
    } finally {
      await client.end();
    }
    await this.#follow(name);
  }

  /** Waits until both standbys count for the quorum of the primary, and show what it has written by now. */
  async complete(): Promise<void> {
    const url = this.nodes[this.#primary].url('postgres');
    const [now] = await queryOnce(url, 'SELECT pg_current_wal_lsn()::text AS written');
    const ready = `SELECT count(*)::int AS standbys FROM pg_stat_replication
      WHERE state = 'streaming' AND sync_state = 'quorum' AND replay_lsn >= '${String(now?.['written'])}'`;
    const counted = eventually('both standbys', async () => {
      const [row] = await queryOnce(url, ready);
      return row?.['standbys'] === 2 || undefined;
    });
    await counted.catch((error: unknown) => {
      const logs = this.standbys.map((name) => this.nodes[name].log().slice(-LOG_UNITS));
      throw new Error(logs.join('\n'), { cause: error });
    });
  }

  /** Waits until nothing more comes to a standby: a killed primary's processes send for a moment longer, and what they send may be acknowledged. */
  async #receivedAll(name: NodeName): Promise<void> {
    const url = this.nodes[name].url('postgres');
    const receiving = "SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'";
    await eventually('the end of the WAL of a dead primary', async () => {
      return (await queryOnce(url, receiving)).length === 0 || undefined;
    });
  }

  async #follow(name: NodeName): Promise<void> {
    this.nodes[name].writeData('standby.signal', '');
    await this.nodes[name].start({ ...SETTINGS, ...quorumOf(name), ...this.#source(name) });
  }

  /** Where a standby receives from. */
  #source(name: NodeName): PostgresSettings {
    const { port, password } = this.nodes[this.#primary];
    return {
      primary_conninfo: `host=127.0.0.1 port=${port} user=postgres password=${password} application_name=${name}`,
    };
  }
}

/** What a node asks for while it is the primary. */
function quorumOf(name: NodeName): PostgresSettings {
  const others = NAMES.filter((other) => other !== name);
  return { synchronous_standby_names: `ANY 1 (${others.join(', ')})` };
}

/** Starts a cluster, with an empty database; it is removed after the test. */
export async function postgresCluster(t: Cleaner): Promise<PostgresCluster> {
  const a = await PostgresServer.create(VERSION);
  t.after(() => a.remove());
  const b = await a.copy();
  t.after(() => b.remove());
  const c = await a.copy();
  t.after(() => c.remove());
  const cluster = new PostgresCluster({ a, b, c });
  await cluster.start();
  return cluster;
}
