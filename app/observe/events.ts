// What happens is reported here, once: each event is one log line and the counters that belong to it.
import type { Logger } from 'pino';
import type { Receipt } from '../model/receipt.ts';
import type { StoreObserver } from '../model/store.ts';
import type { Metrics } from './metrics.ts';

/** A request that has ended, whether answered or given up by its client. */
export interface EndedRequest {
  readonly requestId: string;
  readonly method: string;
  /** The path of the URL, without the query string. */
  readonly path: string;
  /** The route, for labels: bounded in number, unlike paths. */
  readonly route: string;
  readonly status: number;
  readonly latencyMs: number;
  /** Only for `POST /webhook`. */
  readonly receipt: Receipt | null;
}

const PATH_UNITS_MAX = 1_024;
/** Methods that are counted under their own name; whatever else a caller makes up shares one. */
const COUNTED_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The route whose lines always say whether the message was a duplicate. */
const WEBHOOK = '/webhook';

export class Events {
  readonly #logger: Logger;
  readonly #metrics: Metrics;

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** One request has ended. */
  requestEnded(request: EndedRequest): void {
    const { receipt, status } = request;
    const method = COUNTED_METHODS.has(request.method) ? request.method : 'OTHER';
    this.#metrics.request(method, request.route, status, request.latencyMs);
    const line: Record<string, unknown> = {
      request_id: request.requestId,
      method: request.method,
      path: request.path.slice(0, PATH_UNITS_MAX),
      status,
      latency_ms: Math.round(request.latencyMs * 1_000) / 1_000,
    };
    if (request.route === WEBHOOK) line['dup'] = receipt?.outcome === 'duplicate';
    if (receipt !== null) describeReceipt(receipt, line);
    if (status >= 500 || receipt?.outcome === 'invalid_signature') this.#logger.error(line);
    else if (status >= 400 || receipt?.conflict === true) this.#logger.warn(line);
    else this.#logger.info(line);
  }

  /** It is known what became of a webhook, whether or not its client is still there. */
  webhookReceived(receipt: Receipt): void {
    this.#metrics.webhookOutcomes[receipt.outcome].inc();
    if (receipt.signedWith !== null) this.#metrics.signatures[receipt.signedWith].inc();
    if (receipt.conflict) this.#metrics.conflicts.inc();
  }

  /** Bytes that are not HTTP, or a request that took too long to arrive: answered by the server itself. */
  protocolError(status: number, code: string): void {
    this.#metrics.httpRequests.inc({ method: 'OTHER', path: 'unmatched', status });
    this.#logger.warn({
      event: 'protocol_error',
      status,
      code,
      msg: 'a connection was ended: its bytes were no usable request',
    });
  }

  /** A connection was closed before a byte of it was read: as many as may be are open. Counted, not logged: it comes in floods. */
  connectionRefused(): void {
    this.#metrics.refusedConnections.inc();
  }

  /** Anybody who reaches the port may read every message. */
  readsOpen(): void {
    this.#logger.warn({
      event: 'reads_open',
      msg: 'API_TOKEN is not set: whoever reaches this port can read every message',
    });
  }

  /** The database lies where locks and syncs may not mean what they say. */
  networkFileSystem(path: string, fileSystem: string): void {
    this.#logger.warn({
      event: 'network_file_system',
      path,
      file_system: fileSystem,
      msg: `DATABASE_URL: ${path} is on ${fileSystem}: SQLite needs the locks and syncs of a local disk, or the database may be damaged`,
    });
  }

  /** Another service uses the same file. */
  notAlone(path: string): void {
    this.#logger.warn({
      event: 'not_alone',
      path,
      msg: `DATABASE_URL: another service uses ${path} too: it goes on filling the search index, and both take messages`,
    });
  }

  /** The service accepts requests. */
  listening(url: string): void {
    this.#logger.info({ event: 'listening', url, msg: `listening on ${url}` });
  }

  /** The dashboard was not built; all else works. */
  dashboardMissing(): void {
    this.#logger.warn({
      event: 'dashboard_missing',
      msg: 'web/dist is empty, so / answers 404: make it with `npm run build`',
    });
  }

  /** The service was told to stop and finishes what it has. */
  stopping(signal: string): void {
    this.#logger.info({ event: 'stopping', signal, msg: 'finishing what is in flight' });
  }

  /** Everything is finished and on disk. */
  stopped(): void {
    this.#logger.info({ event: 'stopped', msg: 'stopped' });
  }

  /** Something that must not happen has happened; the process ends after this line. */
  crashed(error: unknown): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.#logger.error({
      event: 'crashed',
      error: message,
      stack: stack?.split('\n').slice(1, 8),
      msg: 'the process ends',
    });
  }

  /** An answer could not be made: ours to mend. The caller sees no more than a 500. */
  requestFailed(requestId: string, error: Error): void {
    this.#logger.error({
      event: 'request_failed',
      request_id: requestId,
      error: error.message,
      msg: 'a request failed',
    });
  }

  /** What the store reports while it works. */
  storeObserver(fatal: (error: Error) => void): StoreObserver {
    return {
      batch: ({ messages, commitMs, failure }) => {
        this.#metrics.batchSize.observe(messages);
        this.#metrics.commitSeconds.observe(commitMs / 1_000);
        if (failure === null) return;
        this.#metrics.batchFailures.inc({ reason: failure });
        this.#logger.error({
          event: 'batch_failed',
          reason: failure,
          messages,
          msg: 'a batch could not be stored',
        });
      },
      pruned: (messages) => this.#metrics.pruned.inc(messages),
      pruneRun: ({ messages, durationMs, failure }) => {
        const line = {
          event: 'pruned',
          messages,
          duration_ms: Math.round(durationMs),
          ...(failure === null ? {} : { reason: failure }),
          msg:
            failure === null
              ? 'messages past RETENTION_DAYS are gone'
              : 'removing old messages failed',
        };
        if (failure === null) this.#logger.info(line);
        else this.#logger.error(line);
      },
      fatal,
    };
  }
}

function describeReceipt(receipt: Receipt, line: Record<string, unknown>): void {
  line['result'] = receipt.outcome;
  if (receipt.messageId !== null) line['message_id'] = receipt.messageId;
  if (receipt.conflict) line['conflict'] = true;
}
