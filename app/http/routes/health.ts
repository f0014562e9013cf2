// GET /health/live and /health/ready: whether the process runs, and whether it may be sent requests.
import { readiness } from '../../observe/readiness.ts';
import * as schemas from '../openapi/schemas.ts';
import { LIVE, readyReply } from '../replies.ts';
import type { Route } from '../route.ts';

/** Checks nothing: a process that can respond is alive, even if it is not ready. */
export const live: Route = {
  path: '/health/live',
  access: 'open',
  methods: {
    GET: {
      handle(exchange) {
        exchange.send(LIVE);
        return undefined;
      },
      openapi: {
        operationId: 'isLive',
        tag: 'Operate',
        summary: 'Whether the process runs',
        responses: {
          200: { description: 'It does.', schema: schemas.live, example: { status: 'live' } },
        },
        failures: [],
      },
    },
  },
};

export const ready: Route = {
  path: '/health/ready',
  access: 'open',
  methods: {
    GET: {
      async handle(exchange, { secret, store }) {
        exchange.send(readyReply(await readiness(secret, store)));
      },
      openapi: {
        operationId: 'isReady',
        tag: 'Operate',
        summary: 'Whether the service may be sent requests',
        responses: { 200: { description: 'Every check holds.', schema: schemas.ready } },
        failures: ['not_ready'],
      },
    },
  },
};
