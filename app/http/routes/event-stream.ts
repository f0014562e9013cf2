// GET /events/stream: messages and events as they are committed, as Server-Sent Events that can be resumed.
import * as z from 'zod';
import type { Route } from '../route.ts';
import { openStream, streamQuery, streamRequestHeaders } from '../stream/open-stream.ts';

export const eventStream: Route = {
  path: '/events/stream',
  access: 'api',
  methods: {
    GET: {
      handle: (exchange, services) => openStream(exchange, services, 'items'),
      openapi: {
        operationId: 'followItems',
        tag: 'Read',
        summary: 'Follow messages and events as they are committed',
        description:
          'As `/messages/stream`, with the same numbers: an id of one stream resumes the other. Each event is a `message`, with its ' +
          '`source`, `kind`, `seq` and `received_at`, or an `event` as `/events` lists it.',
        query: streamQuery,
        headers: streamRequestHeaders,
        responses: {
          200: {
            description: 'Events whose data is a message or an event, until either side ends it.',
            type: 'text/event-stream',
            schema: z.string(),
            example:
              'id: 43\nevent: event\ndata: {"event_id":"whatsapp:wamid.1:read","source":"whatsapp","type":"status",' +
              '"subject":"whatsapp:wamid.1","ts":"2025-01-15T10:00:00Z","received_at":"2025-01-15T10:00:01.123Z","seq":43}\n\n',
          },
        },
        failures: ['validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
