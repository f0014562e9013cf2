// POST /webhook: reads the bytes, has them received, and responds with the outcome.
import * as z from 'zod';
import { OVERLOADED, PAYLOAD_TOO_LARGE } from '../../ingest/receive.ts';
import { SIGNATURE } from '../../ingest/signature.ts';
import * as schemas from '../openapi/schemas.ts';
import { webhookReply } from '../replies.ts';
import type { Handler, Route } from '../route.ts';

const receiveWebhook: Handler = async (exchange, { receive, bodies, bodyBytesMax }) => {
  const body = await bodies.read(exchange.request, bodyBytesMax);
  // It took too long, and has been refused meanwhile.
  if (exchange.responded) return;
  if (body instanceof Buffer) {
    const receipt = await receive(body, exchange.request.headers['x-signature']);
    exchange.received(receipt);
    exchange.send(webhookReply(receipt));
  } else {
    const receipt = body === 'too_large' ? PAYLOAD_TOO_LARGE : OVERLOADED;
    exchange.received(receipt);
    exchange.refuse(webhookReply(receipt));
  }
};

/** Open: a webhook is authenticated by its signature. */
export const webhook: Route = {
  path: '/webhook',
  access: 'open',
  methods: {
    POST: {
      handle: receiveWebhook,
      openapi: {
        operationId: 'receiveMessage',
        tag: 'Receive',
        summary: 'Store a signed message exactly once',
        description:
          'The signature is verified over the raw bytes before they are parsed. ' +
          'A 200 is sent only when the message is on disk; the same `message_id` again is 200 too, and changes nothing.',
        headers: {
          'X-Signature': z
            .string()
            .length(64)
            .regex(SIGNATURE)
            .describe('Hex HMAC-SHA256 of the raw body under `WEBHOOK_SECRET`.'),
        },
        body: schemas.message,
        responses: {
          200: {
            description: 'Stored, or stored before.',
            schema: schemas.stored,
            example: { status: 'ok' },
          },
        },
        failures: [
          'invalid_signature',
          'payload_too_large',
          'validation_error',
          'internal_error',
          'unavailable',
        ],
      },
    },
  },
};
