// POST /webhook/{source}: the posts of named sources; GET: their handshakes.
import * as z from 'zod';
import { SOURCE_NAME } from '../../model/source.ts';
import { overloaded, tooLarge } from '../../ingest/receive-delivery.ts';
import type { Source } from '../../sources/scheme.ts';
import { challengeReply, namedWebhookReply, errorReply } from '../replies.ts';
import type { DescribedPath, Handler, Route } from '../route.ts';

const PATH = '/webhook/{source}';

/** Returns the handler of posts of a source. */
function receiveFrom(source: Source): Handler {
  return async (exchange, { receiveDelivery, bodies }) => {
    const { request, target } = exchange;
    const body = await bodies.read(request, source.bodyBytesMax);
    // It took too long, and has been refused meanwhile.
    if (exchange.responded) return;
    if (body instanceof Buffer) {
      const post = { headers: request.headers, body, query: target.queryString };
      const receipt = await receiveDelivery(source, post);
      exchange.delivered(receipt);
      exchange.send(namedWebhookReply(receipt));
    } else {
      const receipt = body === 'too_large' ? tooLarge(source.name) : overloaded(source.name);
      exchange.delivered(receipt);
      exchange.refuse(namedWebhookReply(receipt));
    }
  };
}

/** Returns the handler of `GET`; null where the scheme of the source has none. */
function handshakeOf({ receiver: { handshake } }: Source): Handler | null {
  if (handshake === null) return null;
  return (exchange) => {
    const { status, body } = handshake(exchange.target.queryString);
    exchange.send(status === 200 ? challengeReply(body) : errorReply('handshake_refused'));
    return undefined;
  };
}

/** Returns the routes of each source: its path with and without a slash at the end. Open: its posts are authenticated by their signature. */
export function namedWebhookRoutes(sources: readonly Source[]): readonly Route[] {
  return sources.flatMap((source) => {
    const handshake = handshakeOf(source);
    const route = {
      label: PATH,
      access: 'open',
      bodyBytesMax: source.bodyBytesMax,
      methods: {
        ...(handshake === null ? {} : { GET: { handle: handshake, openapi: null } }),
        POST: { handle: receiveFrom(source), openapi: null },
      },
    } as const;
    const path = `/webhook/${source.name}`;
    return [
      { ...route, path },
      { ...route, path: `${path}/` },
    ];
  });
}

const source = z.string().regex(SOURCE_NAME).describe('The name of a source in `SOURCES`.');

export const namedWebhook: DescribedPath = {
  path: PATH,
  access: 'open',
  methods: {
    POST: {
      openapi: {
        operationId: 'receiveDelivery',
        tag: 'Receive',
        summary: 'Store what a provider sends',
        description:
          'The signature is verified as the scheme of the source has it. Each message and each event in the post is stored exactly ' +
          'once, all of them or none, whatever the provider put in it: what cannot be read is kept as an event `unparsed`. ' +
          'A slash at the end of the path makes no difference.',
        path: { source },
        body: z.unknown(),
        bodyTypes: ['application/json', 'application/x-www-form-urlencoded'],
        responses: {
          200: {
            description:
              'Stored, or stored before; or the challenge of Slack. What is sent depends on the scheme.',
            schema: z.unknown(),
            example: { status: 'ok' },
            also: { 'text/xml': z.string() },
          },
        },
        failures: [
          'invalid_signature',
          'no_such_source',
          'payload_too_large',
          'internal_error',
          'unavailable',
        ],
      },
    },
    GET: {
      openapi: {
        operationId: 'verifySubscription',
        tag: 'Receive',
        summary: 'Prove to a provider that the URL is yours',
        description: 'Of sources with the scheme `meta`. Others have no such method: 405.',
        path: { source },
        query: {
          'hub.mode': z.literal('subscribe').describe('Always this word.'),
          'hub.verify_token': z.string().describe('The value of `SOURCE_<NAME>_VERIFY_TOKEN`.'),
          'hub.challenge': z.string().describe('What is sent back.'),
        },
        responses: {
          200: { description: 'The challenge.', type: 'text/plain', schema: z.string() },
        },
        failures: ['handshake_refused', 'no_such_source', 'no_handshake'],
      },
    },
  },
};
