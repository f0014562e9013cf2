// Shopify: a signature of the body alone; id, topic and time in headers. Each post is one event, named after its topic.
import { keptHeader } from '../body.ts';
import { receiverOf } from '../receiver.ts';
import type { Scheme } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { OF_THE_BODY, signatureScheme } from '../signature.ts';
import { singleEvent } from '../single-event.ts';

const SIGNATURE = signatureScheme({
  ...OF_THE_BODY,
  header: 'X-Shopify-Hmac-Sha256',
  form: { prefix: '' },
  hash: 'sha256',
  encoding: 'base64',
});

const MISTAKEN: Mistaken = [
  [/^shp(?:at|ca|pa|ua)_/, 'an access token, not the client secret of the app'],
  [/\s/, 'not a client secret: it has white space in it'],
];

/** https://shopify.dev/docs/apps/build/webhooks/verify-deliveries */
export const SHOPIFY: Scheme = {
  name: 'shopify',
  settings: [],
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver: (_source, keys, _settings, bodyBytesMax) =>
    receiverOf(
      SIGNATURE,
      keys,
      (delivery) => {
        // The id of a webhook differs from one subscription to the next, that of an event does not; older versions send no event id.
        const fields = {
          id:
            keptHeader(delivery, 'x-shopify-event-id') ??
            keptHeader(delivery, 'x-shopify-webhook-id'),
          type: keptHeader(delivery, 'x-shopify-topic'),
          time: keptHeader(delivery, 'x-shopify-triggered-at'),
        };
        return { items: [singleEvent(delivery, bodyBytesMax, () => fields)] };
      },
      ['x-shopify-'],
      ({ nowMs, id }) => ({
        'X-Shopify-Topic': 'orders/create',
        'X-Shopify-Event-Id': id,
        'X-Shopify-Webhook-Id': id,
        'X-Shopify-Triggered-At': new Date(nowMs).toISOString(),
      }),
    ),
};
