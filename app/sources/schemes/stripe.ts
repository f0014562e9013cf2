// Stripe: time and signatures are elements of one header. Each post is one event, with its id, type and time in the body.
import { textMember, member } from '../body.ts';
import type { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import type { Scheme } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { signatureScheme } from '../signature.ts';
import { type EventFields, singleEvent } from '../single-event.ts';
import { TOLERANCE, toleranceOf } from '../tolerance.ts';

const MISTAKEN: Mistaken = [
  [/^[spr]k_(?:live|test)_/, 'an API key; the signing secret of the endpoint begins with whsec_'],
  [/^we_/, 'the id of the endpoint; its signing secret begins with whsec_'],
  [/^v1,whsec_/, 'in the notation of Standard Webhooks: without "v1," it would be one of Stripe'],
  [/\s/, 'not a signing secret of Stripe: it has white space in it'],
];

/** https://docs.stripe.com/webhooks/signature */
export const STRIPE: Scheme = {
  name: 'stripe',
  settings: [TOLERANCE],
  // The whole text is the key, `whsec_` included.
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver(_source, keys, settings, bodyBytesMax) {
    const signature = signatureScheme({
      header: 'Stripe-Signature',
      form: { elements: { between: ',', after: '=', name: 'v1' } },
      signed: '{timestamp}.{body}',
      hash: 'sha256',
      encoding: 'hex',
      time: {
        at: { element: 't' },
        toleranceSeconds: toleranceOf(settings),
        boundsFuture: false,
        milliseconds: false,
      },
      idHeader: null,
      inflatedBytesMax: null,
    });
    return receiverOf(
      signature,
      keys,
      (delivery) => ({ items: [singleEvent(delivery, bodyBytesMax, fieldsOf)] }),
      ['stripe-signature'],
    );
  },
};

function fieldsOf({ value, text }: RawJson): EventFields {
  return {
    id: textMember(value, 'id'),
    type: textMember(value, 'type'),
    time: member(value, 'created'),
    content: withoutPending(text),
  };
}

/** How many endpoints have not yet accepted an event changes from one attempt to the next. */
function withoutPending(text: string): string {
  return text.replaceAll(/("pending_webhooks"\s*:\s*)[0-9]+/g, '$1');
}
