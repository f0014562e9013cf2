// The servers whose ingest is measured, with where each one stores.
import { DatabaseSync } from 'node:sqlite';
import { queryOnce } from '../tests/support/postgres.ts';
import { forwardingTo, startReceiver } from './destinations.ts';
import type { BenchServer } from './postgres-server.ts';
import {
  type LogSink,
  type Server,
  startBareServer,
  startFastifyServer,
  startService,
  startServiceOn,
} from './server.ts';
import type { Tree } from './trees.ts';

/** A server whose ingest is measured. */
export interface Subject {
  readonly name: string;
  /** Whether it stores what it takes. One that does not may get the same messages again. */
  readonly stores: boolean;
  /** Starts it on an empty database: the file, where it is one of SQLite. */
  readonly start: (databasePath: string) => Promise<Server>;
  /** Counts what it stored, after it has ended. */
  readonly stored: (databasePath: string) => Promise<number>;
}

const COUNT = 'SELECT count(*) AS rows FROM messages';

function storedInFile(databasePath: string): Promise<number> {
  const database = new DatabaseSync(databasePath);
  const row = database.prepare(COUNT).get();
  database.close();
  return Promise.resolve(Number(row?.['rows']));
}

export const NULL_SERVER: Subject = {
  name: 'null server',
  stores: false,
  start: () => startBareServer(null),
  stored: () => Promise.resolve(0),
};

export const DURABLE_FLOOR: Subject = {
  name: 'durable floor',
  stores: true,
  start: startBareServer,
  stored: storedInFile,
};

/** The service of a tree on SQLite. */
export function serviceOf(tree: Tree, log: LogSink, name = tree.name): Subject {
  const start = (path: string): Promise<Server> => startService(path, log, tree);
  return { name, stores: true, start, stored: storedInFile };
}

/** Named sources and retention; the destination comes with the application. */
const FEATURES = {
  RETENTION_DAYS: '30',
  SOURCES: 'whatsapp:meta,billing:stripe',
  SOURCE_WHATSAPP_SECRET: 'app-secret',
  SOURCE_WHATSAPP_VERIFY_TOKEN: 'verify-token',
  SOURCE_BILLING_SECRET: 'whsec_billing',
};

/** The service of a tree on SQLite with all features, which forwards what it stores to an application that answers at once. */
export function serviceWithFeatures(tree: Tree, log: LogSink): Subject {
  return {
    ...serviceOf(tree, log, `${tree.name}, all features`),
    start: async (path) => {
      const receiver = await startReceiver(0);
      const settings = { ...FEATURES, ...forwardingTo([receiver]) };
      const server = await startService(path, log, tree, settings);
      const stop = (): Promise<void> => server.stop().finally(() => receiver.end());
      return { ...server, stop };
    },
  };
}

/** The service of a tree on PostgreSQL. */
export function postgresService(tree: Tree, log: LogSink, database: BenchServer): Subject {
  return onPostgres(tree.name, database, (url) => startServiceOn(url, log, tree));
}

/** What people write themselves. */
export function fastifyServer(database: BenchServer): Subject {
  return onPostgres('Fastify and pg', database, startFastifyServer);
}

function onPostgres(
  name: string,
  database: BenchServer,
  startOn: (url: string) => Promise<Server>,
): Subject {
  let url = '';
  return {
    name,
    stores: true,
    start: async () => {
      url = await database.createDatabase();
      return { ...(await startOn(url)), databasePid: database.pid };
    },
    stored: async () => {
      const [row] = await queryOnce(url, COUNT);
      await database.dropDatabase(url);
      return Number(row?.['rows']);
    },
  };
}
