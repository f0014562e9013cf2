// Databases of PostgreSQL for tests: one server for a run, or for a file that runs alone, and in it a new database for each test.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Cleaner } from './cleanup.ts';
import { PostgresServer } from './postgres-server.ts';

/** The variable by which the server of a run is known to the files of the run: the URL of its superuser. */
const SHARED = 'ONCEBOX_TEST_POSTGRES_URL';

/** The owner of the databases: an ordinary user, as managed databases give one. */
const OWNER = 'oncebox';

/** Makes an empty database that is dropped after the test. Gives its URL, for a user that owns it and is no superuser. */
export async function postgresDatabase(t: Cleaner): Promise<string> {
  const server = await sharedServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name} OWNER ${OWNER} TEMPLATE template0`);
  t.after(() => execute(server, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.username = OWNER;
  url.pathname = name;
  return url.href;
}

/** Ends every connection to a database, whatever it is doing. */
export async function endConnections(url: string): Promise<void> {
  const { pathname } = new URL(url);
  const database = pathname.slice(1);
  if (!/^[a-z0-9_]+$/.test(database)) throw new Error(`${database} is no database of a test`);
  await execute(
    await sharedServer(),
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
  );
}

/** Starts the server of a whole run and makes it known to the files of the run. Gives what ends it. */
export async function shareServer(): Promise<() => Promise<void>> {
  const server = await startServer();
  process.env[SHARED] = server.url('postgres');
  return () => server.remove();
}

/** A started server with the owner of the databases. */
async function startServer(): Promise<PostgresServer> {
  const server = await PostgresServer.create();
  await server.start();
  await execute(server.url('postgres'), `CREATE ROLE ${OWNER} LOGIN PASSWORD '${server.password}'`);
  return server;
}

let own: Promise<PostgresServer> | undefined;

/** The superuser's URL of the server of this run, or of one of this file's own, which ends with the process. */
async function sharedServer(): Promise<string> {
  const shared = process.env[SHARED];
  if (shared !== undefined) return shared;
  own ??= startServer();
  return (await own).url('postgres');
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
