// GitHub: a signature of the body alone; id and type in headers. Each post is one event, named as `X-GitHub-Event` names it.
import { keptHeader } from '../body.ts';
import { fieldOf, formOf, hasTooManyFields } from '../form.ts';
import { HUB_HEADER, HUB_SIGNATURE } from '../hub-signature.ts';
import { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import type { Scheme } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { singleEvent } from '../single-event.ts';

const MISTAKEN: Mistaken = [
  [/^(?:gh[a-z]_|github_pat_)/, 'an access token, not the secret of the webhook'],
  [/^-----BEGIN /, 'the private key of an app, not the secret of its webhook'],
  [/^sha(?:1|256)=/, 'a signature, not the secret of the webhook'],
];

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
export const GITHUB: Scheme = {
  name: 'github',
  settings: [],
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver: (_source, keys, _settings, bodyBytesMax) =>
    receiverOf(
      HUB_SIGNATURE,
      keys,
      (delivery) => {
        const fields = {
          id: keptHeader(delivery, 'x-github-delivery'),
          type: keptHeader(delivery, 'x-github-event'),
          // Each kind of event has its times under names of its own, and some have none.
          time: null,
        };
        return { items: [singleEvent(delivery, bodyBytesMax, () => fields, payloadIn)] };
      },
      ['x-github-', HUB_HEADER],
      ({ id }) => ({ 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': id }),
    ),
};

/** A webhook sends JSON, or a form whose field `payload` is that JSON; the signature is over the form. */
function payloadIn(text: string): RawJson | null {
  const json = RawJson.parse(text);
  if (json !== null || hasTooManyFields(text)) return json;
  return RawJson.parse(fieldOf(formOf(text), 'payload') ?? '');
}
