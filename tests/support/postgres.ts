// Databases of PostgreSQL for tests: one server for a run, or for a file that runs alone, and in it a new database for each test.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Cleaner } from './cleanup.ts';
import type { PostgresVersion } from './postgres-programs.ts';
import { PostgresServer, shareTemplate } from './postgres-server.ts';
import type { PostgresSettings } from './postgres-server.ts';

/** Names the version that the tests run on where they ask for none. */
export const VERSION: PostgresVersion =
  process.env['ONCEBOX_TEST_POSTGRES_VERSION'] === '15' ? '15' : '18';

/** By which the files of a run know the server of the run: the URL of its superuser. */
const SHARED = 'ONCEBOX_TEST_POSTGRES_URL';

/** The owner of the databases: an ordinary user, as managed databases give one. */
export const OWNER = 'oncebox';

/**
 * Makes an empty database on the server of the run, or on another one of the tests. It is dropped after the test.
 * Gives its URL, for a user that owns it and is no superuser.
 */
export async function postgresDatabase(t: Cleaner, server?: PostgresServer): Promise<string> {
  const url = new URL(server?.url('postgres') ?? (await sharedServer()));
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Copied file by file it takes half the processor time that it takes through the log.
  const create = `CREATE DATABASE ${name} OWNER ${OWNER} TEMPLATE template0 STRATEGY file_copy`;
  await queryOnce(url.href, create);
  // A server of the test's own goes as a whole, and may be gone already.
  if (!server)
    t.after(async () => {
      await queryOnce(url.href, `DROP DATABASE ${name} WITH (FORCE)`);
    });
  const owned = new URL(url);
  owned.username = OWNER;
  owned.pathname = name;
  return owned.href;
}

/** Starts a server of a test's own, to be stopped, killed or set up otherwise. It is removed after the test. */
export async function postgresServer(
  t: Cleaner,
  settings: PostgresSettings = {},
  version: PostgresVersion = VERSION,
): Promise<PostgresServer> {
  const server = await PostgresServer.create(version);
  t.after(() => server.remove());
  await startWithOwner(server, settings);
  return server;
}

/** Starts a new server and gives it the owner of the databases. */
export async function startWithOwner(
  server: PostgresServer,
  settings: PostgresSettings = {},
): Promise<void> {
  await server.start(settings);
  await queryOnce(
    server.url('postgres'),
    `CREATE ROLE ${OWNER} LOGIN PASSWORD '${server.password}'`,
  );
}

/** Ends every connection to a database, whatever it is doing. */
export async function endConnections(url: string): Promise<void> {
  const { pathname } = new URL(url);
  const database = pathname.slice(1);
  if (!/^[a-z0-9_]+$/.test(database)) throw new Error(`${database} is no database of a test`);
  await queryOnce(
    await sharedServer(),
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
  );
}

/** Starts the server of a whole run and makes it known to the files of the run. Returns what ends it. */
export async function shareServer(): Promise<() => Promise<void>> {
  const template = await shareTemplate(VERSION);
  const server = await PostgresServer.create(VERSION);
  await startWithOwner(server);
  process.env[SHARED] = server.url('postgres');
  return async () => {
    await server.remove();
    await template.remove();
  };
}

let own: Promise<PostgresServer> | undefined;

/** The superuser's URL of the server of this run, or of one of this file's own, which ends with the process. */
async function sharedServer(): Promise<string> {
  const shared = process.env[SHARED];
  if (shared !== undefined) return shared;
  own ??= PostgresServer.create(VERSION).then(async (server) => {
    await startWithOwner(server);
    return server;
  });
  return (await own).url('postgres');
}

/** Runs one statement over a connection of its own. */
export async function queryOnce(
  url: string,
  statement: string,
): Promise<Record<string, unknown>[]> {
  const client = plainClient(url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows;
  } finally {
    await client.end();
  }
}

/** A client that is not connected yet. A connection that breaks rejects what runs on it, and nothing else. */
export function plainClient(url: string): Client {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // Without a listener the loss of a connection ends the test, whatever becomes of the statement.
  client.on('error', () => undefined);
  return client;
}
