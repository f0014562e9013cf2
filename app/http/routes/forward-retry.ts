// POST /forwards/{name}/retry: has dead letters attempted again.
import { STEERING_FAILURES, changeDead } from '../dead-letters.ts';
import { namePath } from '../destination-name.ts';
import { JSON_BYTES_MAX } from '../json-body.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import type { Route } from '../route.ts';

export const forwardRetry: Route = {
  path: '/forwards/{name}/retry',
  access: 'steer',
  bodyBytesMax: JSON_BYTES_MAX,
  methods: {
    POST: {
      handle: changeDead('retried', (store, name, which) => store.retry(name, which, Date.now())),
      openapi: {
        operationId: 'retryDeadLetters',
        tag: 'Forward',
        summary: 'Attempt dead letters again',
        description:
          'As if they had never been attempted: at once, or after what their conversation has before them.',
        path: namePath,
        body: schemas.deadSelection,
        responses: { 200: { description: 'How many.', schema: schemas.retried } },
        failures: STEERING_FAILURES,
      },
    },
  },
};
