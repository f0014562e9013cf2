// The table of routes, and the way from a request to its handler.
import manifest from '../../package.json' with { type: 'json' };
import { StoreUnavailable } from '../storage/store.ts';
import type { Events } from '../observe/events.ts';
import { startAtZero } from '../observe/unavailable-counter.ts';
import { type Tokens, createGuard } from './access.ts';
import type { Assets } from './assets.ts';
import { BodyReader } from './body.ts';
import { type Arrival, Exchange } from './exchange.ts';
import { LargeReplies } from './large-replies.ts';
import { describeApi } from './openapi/document.ts';
import { errorReply, methodNotAllowed, okJson } from './replies.ts';
import type { Access, Handler, Route, Services } from './route.ts';
import { assetRoutes } from './routes/asset.ts';
import { delivery } from './routes/delivery.ts';
import { event } from './routes/event.ts';
import { eventStream } from './routes/event-stream.ts';
import { events as eventList } from './routes/events.ts';
import { live, ready } from './routes/health.ts';
import { message } from './routes/message.ts';
import { messages } from './routes/messages.ts';
import { metrics } from './routes/metrics.ts';
import { openApi } from './routes/openapi.ts';
import { sources } from './routes/sources.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { timeline } from './routes/timeline.ts';
import { webhook } from './routes/webhook.ts';

/** Every route, in the order of the description; the files of the dashboard come beside them. */
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
  live,
  ready,
  metrics,
  openApi,
];

/** Paths that share a label: there are as many files as the build made. */
const ASSETS = '/assets/*';

export interface RouterOptions extends Omit<
  Services,
  'bodies' | 'largeReplies' | 'apiDescription'
> {
  readonly assets: Assets;
  readonly tokens: Tokens;
  readonly bodyBytesMax: number;
  readonly events: Events;
}

/** A route, prepared for lookup. */
interface Entry {
  /** The path as a label of metrics: bounded in number, unlike the paths that callers make up. */
  readonly label: string;
  readonly access: Access;
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** Stands for every path without a route. It is guarded like a route, so that a caller without a token cannot distinguish the two. */
const UNMATCHED: Entry = { label: 'unmatched', access: 'api', handlers: new Map() };

/** Returns the function that responds to every request. */
export function createRouter(options: RouterOptions): (arrival: Arrival) => void {
  const { events, basePath } = options;
  const mayPass = createGuard(options.tokens);
  for (const route of ROUTES)
    if (canBeUnavailable(route)) startAtZero(options.metrics.unavailable, route.path);
  const table = tableOf([...ROUTES, ...assetRoutes(options.assets)]);
  const services: Services = {
    ...options,
    bodies: new BodyReader(options.bodyBytesMax),
    largeReplies: new LargeReplies(),
    apiDescription: okJson(describeApi(ROUTES, manifest.version, basePath)),
  };

  return (arrival) => {
    const { url = '/', headers } = arrival.request;
    const { path, queryString } = splitUrl(url);
    const entry = table.get(withoutPrefix(path, basePath)) ?? UNMATCHED;
    const exchange = new Exchange(arrival, { path, queryString, route: entry.label }, events);
    if (!mayPass(entry.access, headers.authorization)) {
      exchange.send(errorReply('unauthorized'));
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
}

function tableOf(routes: readonly Route[]): ReadonlyMap<string, Entry> {
  return new Map(
    routes.map(({ path, access, methods: { GET, POST } }) => {
      const handlers = new Map<string, Handler>();
      if (GET !== undefined) handlers.set('GET', GET.handle).set('HEAD', GET.handle);
      if (POST !== undefined) handlers.set('POST', POST.handle);
      return [path, { label: path.startsWith('/assets/') ? ASSETS : path, access, handlers }];
    }),
  );
}

/** Returns whether the description has a 503 for the route. */
function canBeUnavailable({ methods }: Route): boolean {
  return Object.values(methods).some(({ openapi }) =>
    openapi?.failures.some((failure) => failure === 'unavailable' || failure === 'not_ready'),
  );
}

/** Calls the handler, or replies that there is none. Returns the promise of a handler that has to wait. */
function dispatch(exchange: Exchange, entry: Entry, services: Services): Promise<void> | undefined {
  const handler = entry.handlers.get(exchange.method);
  if (handler !== undefined) return handler(exchange, services);
  if (entry === UNMATCHED) exchange.send(errorReply('not_found'));
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
