// The scheme of `POST /webhook`, for a source of its own name: a signature in X-Signature, and one message in the body.
import type { Delivery, Item } from '../../model/item.ts';
import { messageSchema } from '../../model/message.ts';
import { bodyText, textMember } from '../body.ts';
import { contentOf, itemId, unparsed } from '../items.ts';
import { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import type { Scheme } from '../scheme.ts';
import { literalKey } from '../secret-text.ts';
import { OF_THE_BODY, signatureScheme } from '../signature.ts';

const SIGNATURE = signatureScheme({
  ...OF_THE_BODY,
  header: 'X-Signature',
  form: { prefix: '' },
  hash: 'sha256',
  encoding: 'anyHex',
});

/** Such a message has no type of its own. */
const KIND = 'message';

export const ONCEBOX: Scheme = {
  name: 'oncebox',
  settings: [],
  key: (secret) => literalKey(secret),
  receiver: (_source, keys, _settings, bodyBytesMax) =>
    receiverOf(SIGNATURE, keys, (delivery) => ({ items: [itemOf(delivery, bodyBytesMax)] }), [
      'x-signature',
    ]),
};

/** A body that is no valid message is kept as it is: it was signed. */
function itemOf(delivery: Delivery, bodyBytesMax: number): Item {
  const text = bodyText(delivery, bodyBytesMax);
  const json = text === null ? null : RawJson.parse(text);
  if (json === null) return unparsed(delivery, delivery.body);
  const { data } = messageSchema.safeParse(json.value);
  if (data === undefined) {
    const id = textMember(json.value, 'message_id');
    return unparsed(delivery, json.text, id === null ? null : itemId(delivery.source, id));
  }
  return {
    ...data,
    message_id: itemId(delivery.source, data.message_id),
    kind: KIND,
    payload: json.text,
    content: contentOf(json.text),
    delivery,
  };
}
