// GET /metrics: the metrics in Prometheus's text format.
import type { Metrics } from '../../observe/metrics.ts';
import type { Exchange } from '../exchange.ts';
import { metricsReply } from '../replies.ts';

export async function metrics(exchange: Exchange, { registry }: Metrics): Promise<void> {
  exchange.send(metricsReply(await registry.metrics(), registry.contentType));
}
