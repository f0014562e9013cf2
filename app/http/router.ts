// The table of routes, and the way from a request to its handler.
import manifest from '../../package.json' with { type: 'json' };
import type { Source } from '../sources/scheme.ts';
import { StoreUnavailable } from '../storage/store.ts';
import type { Events } from '../observe/events.ts';
import { startAtZero } from '../observe/unavailable-counter.ts';
import { type Access, type Tokens, createGuard } from './access.ts';
import type { Assets } from './assets.ts';
import { BodyReader } from './body.ts';
import { type Arrival, Exchange } from './exchange.ts';
import { LargeReplies } from './large-replies.ts';
import { describeApi } from './openapi/document.ts';
import { type Reply, errorReply, methodNotAllowed, okJson } from './replies.ts';
import type { DescribedPath, Handler, Route, Services } from './route.ts';
import { assetRoutes } from './routes/asset.ts';
import { delivery } from './routes/delivery.ts';
import { event } from './routes/event.ts';
import { eventStream } from './routes/event-stream.ts';
import { events as eventList } from './routes/events.ts';
import { live, ready } from './routes/health.ts';
import { message } from './routes/message.ts';
import { messages } from './routes/messages.ts';
import { forwardAttempts } from './routes/forward-attempts.ts';
import { forwardDead } from './routes/forward-dead.ts';
import { forwardDiscard } from './routes/forward-discard.ts';
import { forwardReplay } from './routes/forward-replay.ts';
import { forwardRetry } from './routes/forward-retry.ts';
import { forwards } from './routes/forwards.ts';
import { metrics } from './routes/metrics.ts';
import { openApi } from './routes/openapi.ts';
import { sources } from './routes/sources.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { timeline } from './routes/timeline.ts';
import { namedWebhook, namedWebhookRoutes } from './routes/named-webhook.ts';
import { webhook } from './routes/webhook.ts';

/** Every route, in the order of the description; those of named sources, and the files of the dashboard, come beside them. */
export const ROUTES: readonly Route[] = [
  webhook,
  messages,
  message,
  stream,
  eventList,
  event,
  eventStream,
  delivery,
  sources,
  stats,
  timeline,
  forwards,
  forwardAttempts,
  forwardDead,
  forwardRetry,
  forwardDiscard,
  forwardReplay,
  live,
  ready,
  metrics,
  openApi,
];

/** The paths of the description of the API. */
export const DESCRIBED: readonly DescribedPath[] = [...ROUTES, namedWebhook];

export interface RouterOptions extends Omit<
  Services,
  'bodies' | 'largeReplies' | 'apiDescription'
> {
  readonly assets: Assets;
  readonly tokens: Tokens;
  /** The named sources. */
  readonly named: readonly Source[];
  readonly events: Events;
}

/** A route, prepared for lookup. */
interface Entry {
  /** The path as a label of metrics: bounded in number, unlike the paths that callers make up. */
  readonly label: string;
  readonly access: Access;
  /** Longest body; undefined where it is MAX_BODY_BYTES. */
  readonly bodyBytesMax: number | undefined;
  readonly handlers: ReadonlyMap<string, Handler>;
}

interface Found {
  readonly entry: Entry;
  /** What stands for `{name}` in the path of its route. */
  readonly name: string;
}

/** Stands for every path without a route. It is guarded like a route, so that a caller without a token cannot distinguish the two. */
const UNMATCHED: Entry = {
  label: 'unmatched',
  access: 'api',
  bodyBytesMax: undefined,
  handlers: new Map(),
};
/** Stands for sources that are not there: a provider has no token, and is to learn that its URL is wrong. */
const UNKNOWN_SOURCE: Entry = { ...UNMATCHED, access: 'open' };
const OF_A_SOURCE = /^\/webhook\/./;
/** The paths of a destination. */
const OF_A_DESTINATION = /^\/forwards\/([^/]+)\/([a-z]+)$/;

export interface Router {
  /** Responds to a request. */
  readonly route: (arrival: Arrival) => void;
  /** Returns the length of the longest body that is accepted at a URL. */
  readonly bodyBytesMax: (url: string) => number;
}

export function createRouter(options: RouterOptions): Router {
  const { events, basePath } = options;
  const refuse = createGuard(options.tokens);
  for (const route of DESCRIBED)
    if (canBeUnavailable(route)) startAtZero(options.metrics.unavailable, route.path);
  const ofSources = namedWebhookRoutes(options.named);
  const table = tableOf([...ROUTES, ...ofSources, ...assetRoutes(options.assets)]);
  const find = (path: string): Found => {
    const own = withoutPrefix(path, basePath);
    const [, name = '', end] = OF_A_DESTINATION.exec(own) ?? [];
    const entry = table.get(end === undefined ? own : `/forwards/{name}/${end}`);
    return { entry: entry ?? (OF_A_SOURCE.test(own) ? UNKNOWN_SOURCE : UNMATCHED), name };
  };
  let apiDescription: Reply | undefined;
  const services: Services = {
    ...options,
    bodies: new BodyReader(
      Math.max(options.bodyBytesMax, ...options.named.map((source) => source.bodyBytesMax)),
    ),
    largeReplies: new LargeReplies(),
    // Made for the first caller that asks: few do, and each start would take longer.
    apiDescription: () =>
      (apiDescription ??= okJson(describeApi(DESCRIBED, manifest.version, basePath))),
  };

  const route = (arrival: Arrival): void => {
    const { url = '/', headers } = arrival.request;
    const { path, queryString } = splitUrl(url);
    const { entry, name } = find(path);
    const target = { path, queryString, route: entry.label, name };
    const exchange = new Exchange(arrival, target, events);
    const refused = refuse(entry.access, headers.authorization);
    if (refused !== null) {
      exchange.send(errorReply(refused));
      return;
    }
    const fail = (error: unknown): void => {
      if (error instanceof StoreUnavailable) {
        // An unforeseen error can only be found by its message.
        if (error.reason === 'other') events.requestFailed(exchange.requestId, error);
        exchange.send(errorReply(error.reason));
        return;
      }
      events.requestFailed(exchange.requestId, error);
      exchange.send(errorReply('internal_error'));
    };
    try {
      dispatch(exchange, entry, services)?.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
  return {
    route,
    bodyBytesMax: (url) => find(splitUrl(url).path).entry.bodyBytesMax ?? options.bodyBytesMax,
  };
}

function tableOf(routes: readonly Route[]): ReadonlyMap<string, Entry> {
  return new Map(
    routes.map(({ path, label = path, access, bodyBytesMax, methods }) => {
      const { GET, POST } = methods;
      const handlers = new Map<string, Handler>();
      if (GET !== undefined) handlers.set('GET', GET.handle).set('HEAD', GET.handle);
      if (POST !== undefined) handlers.set('POST', POST.handle);
      return [path, { label, access, bodyBytesMax, handlers }];
    }),
  );
}

/** Returns whether the description has a 503 for the route. */
function canBeUnavailable({ methods }: DescribedPath): boolean {
  return Object.values(methods).some(({ openapi }) =>
    openapi?.failures.some((failure) => failure === 'unavailable' || failure === 'not_ready'),
  );
}

/** Calls the handler, or replies that there is none. Returns the promise of a handler that has to wait. */
function dispatch(exchange: Exchange, entry: Entry, services: Services): Promise<void> | undefined {
  const handler = entry.handlers.get(exchange.method);
  if (handler !== undefined) return handler(exchange, services);
  if (entry.handlers.size === 0) exchange.send(errorReply('not_found'));
  else exchange.send(methodNotAllowed([...entry.handlers.keys()]));
  return undefined;
}

function splitUrl(url: string): { readonly path: string; readonly queryString: string } {
  // A proxy may send the absolute form, http://host/path (RFC 9112, section 3.2.2).
  const relative = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = relative.indexOf('?');
  if (mark === -1) return { path: relative, queryString: '' };
  return { path: relative.slice(0, mark), queryString: relative.slice(mark + 1) };
}

/** Returns the path of the route. Proxies differ in whether they strip the prefix: it counts with it and without it. */
function withoutPrefix(path: string, basePath: string): string {
  if (basePath === '') return path;
  if (path === basePath) return '/';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}
