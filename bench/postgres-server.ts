// A PostgreSQL server of a benchmark, which ends with it: durable, and but for its memory as it is installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer } from '../tests/support/postgres-server.ts';
import { VERSION, postgresDatabase, queryOnce, startWithOwner } from '../tests/support/postgres.ts';

const SHARED_BUFFERS = '256MB';

/** Databases on a server that all benchmarks of a process share. */
export class BenchServer {
  readonly #server: PostgresServer;
  /** The process of the server, of which the others are children. */
  readonly pid: number;

  private constructor(server: PostgresServer) {
    this.#server = server;
    this.pid = Number(readFileSync(join(server.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  static async start(): Promise<BenchServer> {
    const server = await PostgresServer.create(VERSION);
    await startWithOwner(server, { shared_buffers: SHARED_BUFFERS });
    return new BenchServer(server);
  }

  /** Makes an empty database. Returns its URL. */
  createDatabase(): Promise<string> {
    // It goes with the server, or by `dropDatabase`.
    return postgresDatabase({ after: () => undefined }, this.#server);
  }

  async dropDatabase(url: string): Promise<void> {
    const name = new URL(url).pathname.slice(1);
    await queryOnce(this.#server.url('postgres'), `DROP DATABASE ${name} WITH (FORCE)`);
  }

  /** Does now what the server would do by itself in the next minutes, so that it does not while something is measured. */
  async settle(url: string): Promise<void> {
    await queryOnce(url, 'VACUUM (ANALYZE)');
    await queryOnce(this.#server.url('postgres'), 'CHECKPOINT');
  }

  remove(): Promise<void> {
    return this.#server.remove();
  }
}
