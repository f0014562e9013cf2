// The table of paths and methods, and the way from a request to its handler.
import { StoreUnavailable, type Store } from '../storage/store.ts';
import type { Receive } from '../ingest/receive.ts';
import type { Events } from '../observe/events.ts';
import type { Metrics } from '../observe/metrics.ts';
import { type Tokens, createGuard } from './access.ts';
import type { Assets } from './assets.ts';
import { BodyReader } from './body.ts';
import { type Arrival, Exchange, type Target } from './exchange.ts';
import {
  INTERNAL_ERROR,
  NOT_FOUND,
  UNAUTHORIZED,
  methodNotAllowed,
  storageUnavailable,
} from './replies.ts';
import { asset } from './routes/asset.ts';
import { live, ready } from './routes/health.ts';
import { openApi } from './routes/openapi.ts';
import { messages } from './routes/messages.ts';
import { metrics } from './routes/metrics.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { timeline } from './routes/timeline.ts';
import { webhook } from './routes/webhook.ts';
import type { Feed } from './stream/feed.ts';

/** Paths that share a label: there are as many files as the build made. */
const ASSETS = '/assets/*';
/** The label of every path that has no route. */
const UNMATCHED = 'unmatched';

export interface RouterOptions {
  readonly store: Store;
  readonly feed: Feed;
  readonly assets: Assets;
  /** Prefix under which a reverse proxy serves all of this; empty where there is none. */
  readonly basePath: string;
  readonly receive: Receive;
  /** The key that webhooks are signed with now: the readiness looks at it. */
  readonly secret: Buffer;
  readonly tokens: Tokens;
  readonly bodyBytesMax: number;
  readonly metrics: Metrics;
  readonly events: Events;
}

type Handler = (exchange: Exchange) => Promise<void> | undefined;
type Methods = ReadonlyMap<string, Handler>;

/** Returns the function that answers every request. */
export function createRouter(options: RouterOptions): (arrival: Arrival) => void {
  const { store, feed, secret, receive, events, basePath } = options;
  const bodies = new BodyReader(options.bodyBytesMax);
  const mayPass = createGuard(options.tokens, options.assets.keys());
  const get = (handler: Handler): Methods =>
    new Map([
      ['GET', handler],
      ['HEAD', handler],
    ]);
  const routes = new Map<string, Methods>([
    ['/webhook', new Map([['POST', (exchange) => webhook(exchange, receive, bodies)]])],
    ['/messages', get((exchange) => messages(exchange, store, basePath))],
    ['/messages/stream', get((exchange) => stream(exchange, store, feed))],
    ['/stats', get((exchange) => stats(exchange, store))],
    ['/stats/timeline', get((exchange) => timeline(exchange, store))],
    ['/health/live', get(live)],
    ['/health/ready', get((exchange) => ready(exchange, store, secret))],
    ['/metrics', get((exchange) => metrics(exchange, options.metrics))],
    ['/openapi.json', get(openApi(basePath))],
    ...[...options.assets].map(
      ([path, file]) => [path, get((exchange) => asset(exchange, file))] as const,
    ),
  ]);

  return (arrival) => {
    const { url = '/', headers } = arrival.request;
    const target = targetOf(url, basePath, routes);
    const exchange = new Exchange(arrival, target, events);
    if (!mayPass(target.resource, headers.authorization)) {
      exchange.send(UNAUTHORIZED);
      return;
    }
    const fail = (error: unknown): void => {
      if (error instanceof StoreUnavailable) {
        // What nobody has foreseen needs its text to be found.
        if (error.reason === 'other') events.requestFailed(exchange.requestId, error);
        exchange.send(storageUnavailable(error.reason));
        return;
      }
      events.requestFailed(exchange.requestId, error);
      exchange.send(INTERNAL_ERROR);
    };
    try {
      dispatch(exchange, routes.get(target.resource))?.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** Calls the handler, or says that there is none. Gives the handler's promise where it works on. */
function dispatch(exchange: Exchange, methods: Methods | undefined): Promise<void> | undefined {
  const handler = methods?.get(exchange.method);
  if (methods === undefined) exchange.send(NOT_FOUND);
  else if (handler === undefined) exchange.send(methodNotAllowed([...methods.keys()]));
  else return handler(exchange);
  return undefined;
}

/** Reads the target of a request. Proxies differ in whether they strip the prefix: it counts with it and without it. */
function targetOf(url: string, basePath: string, routes: ReadonlyMap<string, unknown>): Target {
  // A proxy may send the absolute form, http://host/path (RFC 9112, section 3.2.2).
  const relative = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  const question = relative.indexOf('?');
  const path = question === -1 ? relative : relative.slice(0, question);
  const resource = withoutPrefix(path, basePath);
  return {
    path,
    resource,
    queryString: question === -1 ? '' : relative.slice(question + 1),
    route: routes.has(resource) ? (resource.startsWith('/assets/') ? ASSETS : resource) : UNMATCHED,
  };
}

function withoutPrefix(path: string, basePath: string): string {
  if (basePath === '') return path;
  if (path === basePath) return '/';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}
