// Every event is reported here, once: each is one log line and the counters that belong to it.
import type { DeliveryReceipt } from '../model/delivery-receipt.ts';
import type { Receipt } from '../model/receipt.ts';
import type { IndexEvent, StoreHazard, StoreObserver } from '../storage/store.ts';
import { DEFAULT_SOURCE } from '../model/source.ts';
import type { UnavailableReason } from '../model/unavailable.ts';
import type { ForwardObserver } from '../forward/observer.ts';
import type { EventLine } from './event-lines.ts';
import { forwardObserver } from './forward-events.ts';
import type { Log } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { EndedRequest } from './request-line.ts';
import type { SourceActivities } from './source-activity.ts';

/** Methods that are counted under their own name; all others share one. */
const COUNTED_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export class Events {
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #activities: SourceActivities;

  constructor(log: Log, metrics: Metrics, activities: SourceActivities) {
    this.#log = log;
    this.#metrics = metrics;
    this.#activities = activities;
  }

  /** One request has ended. */
  requestEnded(request: EndedRequest): void {
    const method = COUNTED_METHODS.has(request.method) ? request.method : 'OTHER';
    const path = request.route;
    this.#metrics.httpRequests.inc({ method, path, status: request.status });
    this.#metrics.latency.observe({ method, path }, request.latencyMs);
    this.#log.request(request);
  }

  /** The outcome of a webhook is known, whether or not its client is still connected. */
  webhookReceived(receipt: Receipt): void {
    const { outcome, signedWith } = receipt;
    this.#metrics.posts.received(receipt);
    if (signedWith !== null) this.#metrics.signatures.inc({ secret: signedWith });
    if (signedWith === 'previous') this.#activities.previousUsed(DEFAULT_SOURCE);
    if (outcome === 'created' || outcome === 'duplicate') return;
    this.#activities.refused(DEFAULT_SOURCE, receipt.fault ?? receipt.reason ?? outcome, null);
  }

  /** The outcome of a post of a named source is known, whether or not its client is still connected. */
  deliveryReceived(receipt: DeliveryReceipt): void {
    const { source, outcome, fault, hint, reason } = receipt;
    this.#metrics.posts.delivered(receipt);
    if (receipt.signedWith === 'previous') this.#activities.previousUsed(source);
    if (receipt.answer !== null) this.#activities.accepted(source);
    else this.#activities.refused(source, fault ?? reason ?? outcome, hint);
  }

  /** A request cannot be served now, whether or not its client is still connected. `route` is the label of its path. */
  unavailable(route: string, reason: UnavailableReason): void {
    this.#metrics.unavailable.inc({ path: route, reason });
  }

  /** Bytes that are not HTTP, or a request that took too long to arrive. `code` is Node's code of the error. */
  protocolError(status: number, code: string): void {
    this.#metrics.httpRequests.inc({ method: 'OTHER', path: 'unmatched', status });
    this.#log.logger.warn({
      event: 'protocol_error',
      status,
      code,
      msg: 'a connection was ended: its bytes were no usable request',
    });
  }

  /** A connection was closed before a byte of it was read: CONNECTIONS_MAX are open. Counted, not logged: it comes in floods. */
  connectionRefused(): void {
    this.#metrics.refusedConnections.inc();
  }

  /** Every caller that reaches the port may read every message. */
  readsOpen(): void {
    this.#log.logger.warn({
      event: 'reads_open',
      msg: 'API_TOKEN is not set: every caller that reaches this port can read every message',
    });
  }

  /** A variable is set that nearly has the name of a setting, and has no effect. Its value may be a secret. */
  settingUnknown(variable: string, meant: string): void {
    this.#log.logger.warn({
      event: 'setting_unknown',
      variable,
      meant,
      msg: `${variable} is set, but is not a setting: did you mean ${meant}?`,
    });
  }

  /** The service accepts requests. */
  listening(url: string): void {
    this.#log.logger.info({ event: 'listening', url, msg: `listening on ${url}` });
  }

  /** The dashboard was not built; all else works. */
  dashboardMissing(): void {
    this.#log.logger.warn({
      event: 'dashboard_missing',
      msg: 'web/dist is empty, so / is 404: make it with `npm run build`',
    });
  }

  /** The service was asked to stop and finishes what it has. */
  stopping(signal: string): void {
    this.#log.logger.info({ event: 'stopping', signal, msg: 'finishing what is in flight' });
  }

  /** Everything is finished and on disk. */
  stopped(): void {
    this.#log.logger.info({ event: 'stopped', msg: 'stopped' });
  }

  /** An error that nothing handles; the process ends after this line. */
  crashed(error: unknown): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.#log.logger.error({
      event: 'crashed',
      error: message,
      stack: stack?.split('\n').slice(1, 8),
      msg: 'the process ends',
    });
  }

  /** A request failed because of a bug, or for a reason that was not foreseen. The caller sees no more than a 500 or 503. */
  requestFailed(requestId: string, error: unknown): void {
    this.#log.logger.error({
      event: 'request_failed',
      request_id: requestId,
      error: error instanceof Error ? error.message : String(error),
      msg: 'a request failed',
    });
  }

  #hazard(hazard: StoreHazard): void {
    const { kind, path } = hazard;
    if (kind === 'network_file_system')
      this.#log.logger.warn({
        event: kind,
        path,
        file_system: hazard.fileSystem,
        msg: `DATABASE_URL: ${path} is on ${hazard.fileSystem}: SQLite needs the locks and syncs of a local disk, or the database may be damaged`,
      });
    else
      this.#log.logger.warn({
        event: kind,
        path,
        mode: hazard.mode,
        msg: `DATABASE_URL: others than its owner may read or change ${path} (mode ${hazard.mode}); fix it with: chmod 600 ${path}*`,
      });
  }

  /** Commits do not depend on it. */
  #checkpoint(failure: string | null): void {
    const { logger } = this.#log;
    if (failure === null)
      logger.info({
        event: 'checkpoint_recovered',
        msg: 'the write-ahead log is copied into the database file again',
      });
    else
      logger.error({
        event: 'checkpoint_failed',
        reason: failure,
        msg: 'the write-ahead log cannot be copied into the database file: it keeps everything and grows, until that succeeds again',
      });
  }

  /** Posts do not depend on the index. Reads are refused as `index_behind` where it lacks too much. */
  #indexEvent(event: IndexEvent): void {
    const { logger } = this.#log;
    if (event.kind === 'failed')
      logger.error({
        event: 'index_failed',
        reason: event.reason,
        msg: 'the index cannot be written: it is tried again every second, and posts go on',
      });
    else if (event.kind === 'damaged')
      logger.error({
        event: 'index_damaged',
        msg: 'the index file was deleted, exchanged or damaged, or could not be synced: it is built again from the messages',
      });
    else if (event.kind === 'building')
      logger.warn({
        event: 'index_building',
        messages: event.messages,
        msg: 'the index is being built: reads may be refused with 503 until it is complete, and posts go on',
      });
    else if (event.kind === 'built')
      logger.info({ event: 'index_built', messages: event.messages, msg: 'the index is complete' });
    else logger.info({ event: 'index_recovered', msg: 'the index is written again' });
  }

  /** Returns the observer of forwarding; null where nothing is forwarded. */
  forwardObserver(): ForwardObserver | null {
    const { forward } = this.#metrics;
    return forward && forwardObserver(this.#log.logger, forward);
  }

  /** Returns the observer of the store. `fatal` is called when the store cannot continue. */
  storeObserver(fatal: (error: Error) => void): StoreObserver {
    return {
      batch: ({ messages, commitMs, failure }) => {
        this.#metrics.batchSize.observe(messages);
        this.#metrics.commitSeconds.observe(commitMs / 1_000);
        if (failure === null) return;
        this.#metrics.batchFailures.inc({ reason: failure });
        this.#log.logger.error({
          event: 'batch_failed',
          reason: failure,
          messages,
          msg: 'a batch could not be stored',
        });
      },
      waitingForLock: (waitMs) =>
        this.#log.logger.warn({
          event: 'waiting_for_lock',
          wait_ms_max: waitMs,
          msg: `DATABASE_URL: another process holds the write lock: waiting for up to ${waitMs / 1_000} s`,
        }),
      waitingForDatabase: (reason, waitMs) =>
        this.#log.logger.warn({
          event: 'waiting_for_database',
          reason,
          wait_ms_max: waitMs,
          msg: `DATABASE_URL: the server of the database does not answer: waiting for up to ${waitMs / 1_000} s`,
        }),
      index: (event) => this.#indexEvent(event),
      hazard: (hazard) => this.#hazard(hazard),
      diskRecovered: () =>
        this.#log.logger.info({ event: 'disk_recovered', msg: 'the disk takes writes again' }),
      checkpoint: (failure) => this.#checkpoint(failure),
      pruned: (messages) => this.#metrics.pruned.inc(messages),
      pruneRun: ({ messages, events, durationMs, failure }) => {
        const line: EventLine = {
          event: 'pruned',
          messages,
          events,
          duration_ms: Math.round(durationMs),
          ...(failure === null ? {} : { reason: failure }),
          msg:
            failure === null
              ? 'messages and events past RETENTION_DAYS are gone'
              : 'removing old messages and events failed',
        };
        if (failure === null) this.#log.logger.info(line);
        else this.#log.logger.error(line);
      },
      fatal,
    };
  }
}
