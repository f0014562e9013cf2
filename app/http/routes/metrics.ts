// GET /metrics: the metrics in Prometheus's text format.
import { type Metrics, exposition } from '../../observe/metrics.ts';
import type { Exchange } from '../exchange.ts';
import { metricsReply } from '../replies.ts';

export async function metrics(exchange: Exchange, { registry }: Metrics): Promise<void> {
  exchange.send(metricsReply(await exposition(registry), registry.contentType));
}
