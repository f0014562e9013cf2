// GET /metrics: the metrics in Prometheus's text format.
import * as z from 'zod';
import { exposition } from '../../observe/metrics.ts';
import { metricsReply } from '../replies.ts';
import type { Route } from '../route.ts';

export const metrics: Route = {
  path: '/metrics',
  access: 'metrics',
  methods: {
    GET: {
      async handle(exchange, { metrics: { registry } }) {
        exchange.send(metricsReply(await exposition(registry), registry.contentType));
      },
      openapi: {
        operationId: 'getMetrics',
        tag: 'Operate',
        summary: 'Metrics for Prometheus',
        responses: {
          200: {
            description: 'Text exposition format 0.0.4.',
            type: 'text/plain',
            schema: z.string(),
          },
        },
        failures: ['internal_error'],
      },
    },
  },
};
