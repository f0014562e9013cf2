// Joins the rooms: settings, store, observers, HTTP. The only file that knows them all.
import type { Config } from './config.ts';
import { readAssets } from './http/assets.ts';
import { createRouter } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import { Feed } from './http/stream/feed.ts';
import { type Receive, receive as receiveWith } from './ingest/receive.ts';
import { Events } from './observe/events.ts';
import { type Log, openLog } from './observe/logger.ts';
import { type Metrics, type Sources, createMetrics, watch } from './observe/metrics.ts';
import { readiness } from './observe/readiness.ts';
import { networkFileSystem, openToOthers } from './storage/sqlite/file-system.ts';
import { SqliteStore } from './storage/sqlite/store.ts';

/** How long requests in flight may take to finish after the service was told to stop. */
const DRAIN_TIMEOUT_MS = 10_000;

export interface Service {
  /** Where the service listens. */
  readonly url: string;
  /** Stops accepting, finishes what is in flight, commits, closes the store. */
  readonly stop: () => Promise<void>;
}

/** What watches the service from its first line to its last. */
export interface Observers {
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Opens the log on stdout and registers the metrics; comes before everything else, so that it can report it. */
export function openObservers(config: Config): Observers {
  const log = openLog(config.logLevel);
  const metrics = createMetrics();
  return { log, metrics, events: new Events(log, metrics) };
}

/**
 * Opens the store and listens. Rejects when the file or the address cannot be used; nothing is left open then.
 * `fatal` is called when the service cannot go on; the process is expected to end.
 */
export async function startService(
  config: Config,
  observers: Observers,
  fatal: (error: Error) => void,
): Promise<Service> {
  const { events, metrics, log } = observers;
  const observer = events.storeObserver(fatal);
  const store = await SqliteStore.open(
    {
      path: config.databasePath,
      queueMessagesMax: config.queueMessagesMax,
      retentionDays: config.retentionDays,
      readerThreads: config.readerThreads,
    },
    {
      ...observer,
      batch: (event) => {
        observer.batch(event);
        if (event.failure === null) feed.wake();
      },
    },
  );
  const feed = new Feed(store);
  const assets = readAssets();
  if (assets.size === 0) events.dashboardMissing();
  watch(metrics, sourcesOf(config, store, feed, log));
  const { secrets, tokens, bodyBytesMax, connectionsMax } = config;
  warn(config, store, events);
  const receive: Receive = (body, signature) => receiveWith(store, secrets, body, signature);
  const server = new HttpServer(
    createRouter({
      store,
      feed,
      assets,
      receive,
      secret: secrets.current,
      tokens,
      bodyBytesMax,
      metrics,
      events,
    }),
    { bodyBytesMax, connectionsMax },
    events,
  );
  try {
    const url = await server.listen(config.host, config.port);
    return {
      url,
      stop: async () => {
        feed.close();
        await server.drain(DRAIN_TIMEOUT_MS);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Says at the start what an operator should know: nothing of it keeps the service from working. */
function warn({ tokens, databasePath }: Config, store: SqliteStore, events: Events): void {
  if (!store.alone) events.notAlone(databasePath);
  if (tokens.api === null) events.readsOpen();
  const remote = networkFileSystem(databasePath);
  if (remote !== null) events.networkFileSystem(databasePath, remote);
  const mode = openToOthers(databasePath);
  if (mode !== null) events.fileOpenToOthers(databasePath, mode);
}

/** Where the gauges look when they are scraped. */
function sourcesOf(config: Config, store: SqliteStore, feed: Feed, log: Log): Sources {
  return {
    writerDepth: () => store.writerDepth,
    readersWaiting: () => store.readersWaiting,
    droppedLogLines: log.droppedLines,
    openStreams: () => feed.size,
    figures: () => store.figures(),
    readiness: () => readiness(config.secrets.current, store),
    queueMessagesMax: config.queueMessagesMax,
  };
}
