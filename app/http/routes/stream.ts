// GET /messages/stream: messages as they are committed, as Server-Sent Events that can be resumed.
import * as z from 'zod';
import type { Route } from '../route.ts';
import { openStream, streamQuery, streamRequestHeaders } from '../stream/open-stream.ts';

export const stream: Route = {
  path: '/messages/stream',
  access: 'api',
  methods: {
    GET: {
      handle: (exchange, services) => openStream(exchange, services, 'messages'),
      openapi: {
        operationId: 'followMessages',
        tag: 'Read',
        summary: 'Follow messages as they are committed',
        description:
          'Server-Sent Events in the order of commit. The id of each event is the number of its message: numbers grow and ' +
          'are never used again. Resume after one with `Last-Event-ID` or `after`; store the id together with your work, and ' +
          'you take each message exactly once. An event `resume` asks you to come back with your last id.',
        query: streamQuery,
        headers: streamRequestHeaders,
        responses: {
          200: {
            description: 'Events whose data is a message, until either side ends it.',
            type: 'text/event-stream',
            schema: z.string(),
            example:
              'id: 42\ndata: {"message_id":"m1","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":null}\n\n',
          },
        },
        failures: ['validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
