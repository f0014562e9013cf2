// Builds the service from its parts: settings, store, observers, HTTP. The only file that imports them all.
import type { Config } from './config/config.ts';
import { Forwarder } from './forward/forwarder.ts';
import { readAssets } from './http/assets.ts';
import { createRouter } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import { Broadcaster } from './http/stream/broadcaster.ts';
import { hintFinder } from './ingest/hint.ts';
import { type ReceiveDelivery, receiveDelivery } from './ingest/receive-delivery.ts';
import { type Receive, receive as receiveWith } from './ingest/receive.ts';
import { DEFAULT_SOURCE, type ConfiguredSource } from './model/source.ts';
import { Refusal, isExpected } from './model/refusal.ts';
import { Events } from './observe/events.ts';
import { type Log, openLog } from './observe/logger.ts';
import { type Metrics, type Sources, createMetrics, watch } from './observe/metrics.ts';
import { readiness } from './observe/readiness.ts';
import { SourceActivities } from './observe/source-activity.ts';
import { openStore } from './storage/open.ts';
import type { Store } from './storage/store.ts';

/** How long requests in flight may take to finish after the service was asked to stop. */
const DRAIN_TIMEOUT_MS = 10_000;

export interface Service extends AsyncDisposable {
  /** Where the service listens. */
  readonly url: string;
  /** Stops accepting, finishes what is in flight, commits, closes the store. Later calls wait for the first. */
  readonly stop: () => Promise<void>;
}

/** The service cannot start, for a reason outside the program: `message` names the setting and says why. */
class StartError extends Refusal {
  override readonly name = 'StartError';
}

/** The log, the metrics, what each source was seen to do, and the events that are reported to all of them. */
export interface Observers {
  readonly events: Events;
  readonly metrics: Metrics;
  readonly activities: SourceActivities;
  readonly log: Log;
}

/** Opens the log on stdout and registers the metrics. Comes first, so that everything after it can be reported. */
export function openObservers(config: Config): Observers {
  const log = openLog(config.logLevel);
  const names = config.sources.map(({ name }) => name);
  const metrics = createMetrics(
    names,
    config.forwards.map(({ name }) => name),
  );
  const activities = new SourceActivities(names);
  return { log, metrics, activities, events: new Events(log, metrics, activities) };
}

/**
 * Opens the store and listens. Rejects with StartError when the file or the address cannot be used; nothing is left
 * open then.
 * `fatal` is called when the service cannot go on; the process is expected to end.
 */
export async function startService(
  config: Config,
  observers: Observers,
  fatal: (error: Error) => void,
): Promise<Service> {
  const { events, metrics, activities, log } = observers;
  const store = await openStore(
    config.database,
    {
      queueMessagesMax: config.queueMessagesMax,
      retentionDays: config.retentionDays,
      readerThreads: config.readerThreads,
      forwards: config.forwards.map(({ name }) => name),
    },
    events.storeObserver(fatal),
  ).catch(startError('DATABASE_URL'));
  const forwarder = startForwarder(config, store, events, fatal);
  const broadcaster = new Broadcaster(store);
  store.onCommit(() => broadcaster.wake());
  const assets = readAssets(config.basePath);
  if (assets.size === 0) events.dashboardMissing();
  watch(metrics, sourcesOf(config, store, broadcaster, log));
  const { basePath, secrets, tokens, bodyBytesMax, connectionsMax } = config;
  if (tokens.api === null) events.readsOpen();
  const server = new HttpServer(
    createRouter({
      store,
      broadcaster,
      assets,
      basePath,
      ...receiversOf(config, store),
      sources: configuredSources(config),
      named: config.sources,
      forwards: config.forwards,
      steered: (name) => forwarder?.steered(name),
      activities,
      secret: secrets.current,
      tokens,
      bodyBytesMax,
      metrics,
      events,
    }),
    connectionsMax,
    events,
  );
  try {
    await forwarder?.begun();
    const url = await server
      .listen(config.host, config.port)
      .catch(startError('HOST, PORT: cannot listen there'));
    let stopped: Promise<void> | null = null;
    const stop = (): Promise<void> => (stopped ??= stopAll(broadcaster, server, forwarder, store));
    return { url, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await forwarder?.close();
    await store.close();
    throw error;
  }
}

/** Starts to forward what is stored; null where nothing is to be. */
function startForwarder(
  { forwards }: Config,
  store: Store,
  events: Events,
  fatal: (error: Error) => void,
): Forwarder | null {
  const observer = events.forwardObserver();
  if (observer === null) return null;
  const forwarder = new Forwarder(forwards, store.forwards, observer, fatal);
  store.onCommit(() => forwarder.committed());
  return forwarder;
}

/** Returns what receives posts, of the default source and of named ones. */
function receiversOf(
  { secrets, sources }: Config,
  store: Store,
): { readonly receive: Receive; readonly receiveDelivery: ReceiveDelivery } {
  const names = new Set(sources.map(({ name }) => name));
  const findHint = hintFinder(sources, secrets);
  return {
    receive: (body, signature) => receiveWith(store, secrets, names, body, signature),
    receiveDelivery: (source, post) => receiveDelivery(store, findHint, source, post, Date.now()),
  };
}

/** Returns what is shown of the configuration of each source, the default one first. */
function configuredSources({ secrets, sources }: Config): readonly ConfiguredSource[] {
  return [
    {
      source: DEFAULT_SOURCE,
      scheme: 'oncebox',
      path: '/webhook',
      previousSecret: secrets.previous !== null,
    },
    ...sources.map(({ name, scheme, hasPrevious }) => ({
      source: name,
      scheme,
      path: `/webhook/${name}`,
      previousSecret: hasPrevious,
    })),
  ];
}

/** No new requests and attempts first, then those in flight, then the store. */
async function stopAll(
  broadcaster: Broadcaster,
  server: HttpServer,
  forwarder: Forwarder | null,
  store: Store,
): Promise<void> {
  broadcaster.close();
  await Promise.all([server.drain(DRAIN_TIMEOUT_MS), forwarder?.close()]);
  await store.close();
}

/** Returns a handler that prefixes the message of an expected error with the setting it is about. A bug is rethrown as it is. */
function startError(about: string): (error: unknown) => never {
  return (error) => {
    if (!isExpected(error)) throw error;
    const { message } = error;
    throw new StartError(message.startsWith(about) ? message : `${about}: ${message}`);
  };
}

/** What the gauges read when they are scraped. */
function sourcesOf(config: Config, store: Store, broadcaster: Broadcaster, log: Log): Sources {
  return {
    writerDepth: () => store.appendsWaiting,
    readersWaiting: () => store.readsWaiting,
    droppedLogLines: log.droppedLines,
    openStreams: () => broadcaster.size,
    storeGauges: store.gauges,
    readStoreGauges: () => store.readGauges(),
    readiness: () => readiness(config.secrets.current, store),
    forwards: config.forwards.map(({ name }) => name),
    readForwards: () => store.forwards.statuses().catch(() => null),
    queueMessagesMax: config.queueMessagesMax,
  };
}
