// The log line of a request, concatenated by hand: it is written for every request, and a general serializer costs more than the rest of it.
import type { DeliveryReceipt, ItemCounts } from '../model/delivery-receipt.ts';
import type { Receipt } from '../model/receipt.ts';
import type { UnavailableReason } from '../model/unavailable.ts';

/** A request that has ended, by its response or because its client went away. */
export interface EndedRequest {
  /** Visible ASCII without quotes and backslashes: ours, or a caller's that was found well-formed. */
  readonly requestId: string;
  /** A method that Node's parser knows: a token, so without anything that JSON must escape. */
  readonly method: string;
  /** The path of the URL, without the query string. */
  readonly path: string;
  /** The route, for labels: bounded in number, unlike paths. */
  readonly route: string;
  readonly status: number;
  readonly latencyMs: number;
  /** Only for `POST /webhook`. */
  readonly receipt: Receipt | null;
  /** Only for posts of named sources. */
  readonly delivery: DeliveryReceipt | null;
  /** Why the response was 503; null for any other. */
  readonly reason: UnavailableReason | null;
}

export type Severity = 'INFO' | 'WARNING' | 'ERROR';

const PATH_UNITS_MAX = 1_024;
/** The route whose lines always have `dup`. */
const WEBHOOK = '/webhook';

/** Returns the severity of a request's line. */
export function severityOf({ status, receipt, delivery }: EndedRequest): Severity {
  if (status >= 500 || (receipt ?? delivery)?.outcome === 'invalid_signature') return 'ERROR';
  const conflict =
    receipt?.conflict === true || (delivery !== null && sumOf(delivery, 'conflict') > 0);
  return status >= 400 || conflict ? 'WARNING' : 'INFO';
}

/** Returns the line with its line feed. `ts` is the server's time as ISO 8601. */
export function requestLine(request: EndedRequest, severity: Severity, ts: string): string {
  const { receipt, delivery, reason } = request;
  const path = request.path === request.route ? request.path : safe(request.path);
  const latency = Math.round(request.latencyMs * 1_000) / 1_000;
  const dup = request.route === WEBHOOK ? `,"dup":${receipt?.outcome === 'duplicate'}` : '';
  return (
    `{"level":"${severity}","ts":"${ts}","request_id":"${request.requestId}","method":"${request.method}",` +
    `"path":"${path}","status":${request.status},"latency_ms":${latency}${dup}${described(receipt)}${delivered(delivery)}${reason === null ? '' : `,"reason":"${reason}"`}}\n`
  );
}

function described(receipt: Receipt | null): string {
  if (receipt === null) return '';
  const id = receipt.messageId === null ? '' : `,"message_id":${JSON.stringify(receipt.messageId)}`;
  return `,"result":"${receipt.outcome}"${id}${receipt.conflict ? ',"conflict":true' : ''}`;
}

/** Returns what the line of a post of a named source has beside. The hint is in words of ours. */
function delivered(delivery: DeliveryReceipt | null): string {
  if (delivery === null) return '';
  const { source, outcome, fault, hint } = delivery;
  const sum = (count: keyof ItemCounts): number => sumOf(delivery, count);
  const [created, duplicates, conflicts] = [sum('created'), sum('duplicate'), sum('conflict')];
  return (
    `,"source":"${source}","result":"${outcome}","items":${created + duplicates + conflicts},` +
    `"created":${created},"duplicates":${duplicates},"conflicts":${conflicts}` +
    `${fault === null ? '' : `,"reason":"${fault}"`}${hint === null ? '' : `,"hint":${JSON.stringify(hint)}`}`
  );
}

function sumOf({ items }: DeliveryReceipt, count: keyof ItemCounts): number {
  return Object.values(items).reduce((sum, counts) => sum + counts[count], 0);
}

/** Returns a path that matches no route, or is one of several of it, cut to a bound and escaped for a JSON string. */
function safe(path: string): string {
  return JSON.stringify(path.slice(0, PATH_UNITS_MAX)).slice(1, -1);
}
