// POST /forwards/{name}/discard: gives dead letters up for good.
import { STEERING_FAILURES, changeDead } from '../dead-letters.ts';
import { namePath } from '../destination-name.ts';
import { JSON_BYTES_MAX } from '../json-body.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import type { Route } from '../route.ts';

export const forwardDiscard: Route = {
  path: '/forwards/{name}/discard',
  access: 'steer',
  bodyBytesMax: JSON_BYTES_MAX,
  methods: {
    POST: {
      handle: changeDead('discarded', (store, name, which) => store.discard(name, which)),
      openapi: {
        operationId: 'discardDeadLetters',
        tag: 'Forward',
        summary: 'Forget dead letters',
        description: 'The items stay stored: a replay sends them again.',
        path: namePath,
        body: schemas.deadSelection,
        responses: { 200: { description: 'How many.', schema: schemas.discarded } },
        failures: STEERING_FAILURES,
      },
    },
  },
};
