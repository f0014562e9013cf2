// What a route is: its path, who may call it, and for each method what it does and how it is described.
import type { ReceiveDelivery } from '../ingest/receive-delivery.ts';
import type { Receive } from '../ingest/receive.ts';
import type { ForwardSettings } from '../model/forward.ts';
import type { ConfiguredSource } from '../model/source.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { SourceActivities } from '../observe/source-activity.ts';
import type { Store } from '../storage/store.ts';
import type { Access } from './access.ts';
import type { BodyReader } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { Entry } from './openapi/operation.ts';
import type { LargeReplies } from './large-replies.ts';
import type { Reply } from './replies.ts';
import type { Broadcaster } from './stream/broadcaster.ts';

/** What handlers work with. */
export interface Services {
  readonly store: Store;
  readonly broadcaster: Broadcaster;
  readonly receive: Receive;
  readonly receiveDelivery: ReceiveDelivery;
  readonly bodies: BodyReader;
  /** Longest body of `POST /webhook`. */
  readonly bodyBytesMax: number;
  readonly largeReplies: LargeReplies;
  /** The default source, then the others in the order of their configuration. */
  readonly sources: readonly ConfiguredSource[];
  readonly activities: SourceActivities;
  /** The destinations that are configured, in the order of FORWARDS. */
  readonly forwards: readonly ForwardSettings[];
  /** Tells the forwarding of this process that entries of a destination were made due. */
  readonly steered: (name: string) => void;
  /** The key that webhooks are signed with now: readiness checks it. */
  readonly secret: Buffer;
  readonly metrics: Metrics;
  /** Prefix under which a reverse proxy serves all of this; empty where there is none. */
  readonly basePath: string;
  /** Returns the description of the API, the same for every caller. */
  readonly apiDescription: () => Reply;
}

/**
 * Sends the response of one request. Returns a promise where it has to wait for something. What it throws, or rejects with,
 * is sent as 503 where it is StoreUnavailable, else as 500.
 */
export type Handler = (exchange: Exchange, services: Services) => Promise<void> | undefined;

interface Operation {
  readonly handle: Handler;
  /** Its entry in the description of the API; null where it has none. */
  readonly openapi: Entry | null;
}

/** A path in the description of the API: one, or the form of several. */
export interface DescribedPath {
  /** A `{name}` in it stands for the name of a destination. */
  readonly path: string;
  readonly access: Access;
  readonly methods: {
    readonly GET?: Pick<Operation, 'openapi'>;
    readonly POST?: Pick<Operation, 'openapi'>;
  };
}

/** One file in `routes/` each, and one line in the table of `router.ts`. */
export interface Route extends DescribedPath {
  /** What stands for the path in labels of metrics and in log lines, where several paths share one; else the path. */
  readonly label?: string;
  /** Longest body that it accepts, where that is not MAX_BODY_BYTES. */
  readonly bodyBytesMax?: number;
  /** HEAD is served wherever GET is. */
  readonly methods: { readonly GET?: Operation; readonly POST?: Operation };
}
