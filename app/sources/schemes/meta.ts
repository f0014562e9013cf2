// Meta, for WhatsApp: posts of many entries, changes, messages and statuses. Each is stored by itself, so that a broken one costs no other.
import { type Hash, createHash } from 'node:crypto';
import { type Delivery, type EventItem, type Item, STATUS } from '../../model/item.ts';
import { bodyText, member, textMember } from '../body.ts';
import { handshake } from '../handshake.ts';
import { HUB_HEADER, HUB_SIGNATURE } from '../hub-signature.ts';
import { instantOf } from '../instants.ts';
import {
  boundedItems,
  columnName,
  columnText,
  contentOf,
  itemId,
  itemsOr,
  unparsed,
} from '../items.ts';
import { RawJson } from '../raw-json.ts';
import { receiverOf } from '../receiver.ts';
import { type Scheme, UnusableSetting } from '../scheme.ts';
import { type Mistaken, literalKey } from '../secret-text.ts';
import { recipientOf, senderOf, textOf, UNKNOWN } from './whatsapp-message.ts';

const MISTAKEN: Mistaken = [
  [/^EAA[0-9A-Za-z]{40,}$/, 'an access token, not the app secret'],
  [/^[0-9]{13,17}$/, 'the number of an app, not its secret'],
];

export const META: Scheme = {
  name: 'meta',
  settings: [{ name: 'VERIFY_TOKEN', required: true, secret: true }],
  key: (secret) => literalKey(secret, MISTAKEN),
  receiver(_source, keys, settings, bodyBytesMax) {
    const token = settings['VERIFY_TOKEN'] ?? '';
    if (token.trim() === '') throw new UnusableSetting('VERIFY_TOKEN', 'is blank');
    const decode = (delivery: Delivery) => ({ items: itemsOf(delivery, bodyBytesMax) });
    return {
      ...receiverOf(HUB_SIGNATURE, keys, decode, [HUB_HEADER]),
      handshake: (query) => handshake(query, token),
    };
  },
};

function itemsOf(delivery: Delivery, bodyBytesMax: number): readonly Item[] {
  const written = bodyText(delivery, bodyBytesMax);
  const body = written === null ? null : RawJson.parse(written);
  return body === null
    ? [unparsed(delivery, delivery.body)]
    : boundedItems(
        delivery,
        itemsOr(itemsOfBody(delivery, body), () => [unparsed(delivery, body.text)]),
      );
}

const ROOT_NAMES = new Set(['object', 'entry']);
const ENTRY_NAMES = new Set(['id', 'time', 'changes']);
const CHANGE_NAMES = new Set(['field', 'value']);
const VALUE_NAMES = new Set(['messaging_product', 'metadata', 'contacts', 'messages', 'statuses']);

/** What the items of an entry have in common that carry no id of their own. */
interface Around {
  readonly delivery: Delivery;
  /**
   * The hash so far of what tells equal items of two entries apart: the id of the entry and its time, as they were written. As texts they
   * would be hashed again for each item, and may be as long as the body.
   */
  readonly identity: Hash;
  readonly ts: string;
}

function* itemsOfBody(delivery: Delivery, body: RawJson): Generator<Item, void> {
  const members = body.members();
  const around: Around = { delivery, identity: createHash('sha256'), ts: delivery.receivedAt };
  yield* listOf(delivery, members.get('entry'), (entry) => itemsOfEntry(delivery, entry));
  yield* otherItems(around, members, ROOT_NAMES);
}

/** Yields what `read` makes of the elements of a list. What is there and is no list is one event `unparsed`. */
function* listOf(
  delivery: Delivery,
  list: RawJson | undefined,
  read: (element: RawJson) => Iterable<Item>,
): Generator<Item, void> {
  if (list === undefined || list.text === 'null') return;
  if (!list.isArray) yield unparsed(delivery, list.text);
  for (const element of list.elements()) yield* read(element);
}

/**
 * Yields an event for each object that is a member of another name than `names`, and for each element where the member is a list. Texts
 * and numbers tell about what is beside them, and yield none.
 */
function* otherItems(
  around: Around,
  members: ReadonlyMap<string, RawJson>,
  names: ReadonlySet<string>,
): Generator<EventItem, void> {
  for (const [name, found] of members)
    if (!names.has(name))
      yield* eventsOf(around, name, found.isObject ? [found] : found.elements());
}

function itemsOfEntry(delivery: Delivery, entry: RawJson): Iterable<Item> {
  const members = entry.members();
  const [id, time] = [members.get('id'), members.get('time')];
  const around: Around = {
    delivery,
    identity: createHash('sha256').update(`${id?.text ?? ''}\n${time?.text ?? ''}`),
    ts: instantOf(time?.value) ?? delivery.receivedAt,
  };
  const items = function* (): Generator<Item, void> {
    yield* listOf(delivery, members.get('changes'), (change) => itemsOfChange(around, change));
    yield* otherItems(around, members, ENTRY_NAMES);
  };
  return itemsOr(items(), () => [unparsed(delivery, entry.text)]);
}

function itemsOfChange(around: Around, change: RawJson): Iterable<Item> {
  const members = change.members();
  const field = members.get('field')?.value;
  if (typeof field !== 'string' || field === '') return [unparsed(around.delivery, change.text)];
  const value = members.get('value');
  const whole = (): Iterable<Item> => eventsOf(around, field, [change]);
  if (field !== 'messages' || value?.isObject !== true) return whole();
  const items = function* (): Generator<Item, void> {
    yield* itemsOfMessages(around, value);
    yield* otherItems(around, members, CHANGE_NAMES);
  };
  return itemsOr(items(), whole);
}

/** Yields the items of a change of the field `messages`. */
function* itemsOfMessages(around: Around, value: RawJson): Generator<Item, void> {
  const { delivery } = around;
  const members = value.members();
  const metadata = members.get('metadata');
  const to = recipientOf(metadata?.value);
  const [contact, ...others] = members.get('contacts')?.elements().take(2) ?? [];
  const sender = others.length === 0 ? contact?.value : null;
  yield* listOf(delivery, members.get('messages'), (message) => [
    messageOf(delivery, message, to, sender),
  ]);
  yield* listOf(delivery, members.get('statuses'), (status) => [statusOf(delivery, status)]);
  const identity = around.identity.copy().update(`\n${metadata?.text ?? ''}`);
  yield* otherItems({ ...around, identity }, members, VALUE_NAMES);
}

function messageOf(delivery: Delivery, item: RawJson, to: string, contact: unknown): Item {
  const { value: message, text: payload } = item;
  const id = textMember(message, 'id');
  if (id === null) return unparsed(delivery, payload);
  const text = textOf(message);
  return {
    message_id: itemId(delivery.source, id),
    from: senderOf(message, contact),
    to,
    ts: instantOf(member(message, 'timestamp')) ?? delivery.receivedAt,
    text: text === null ? null : columnText(text),
    kind: columnName(textMember(message, 'type') ?? UNKNOWN),
    payload,
    content: contentOf(payload),
    delivery,
  };
}

function statusOf(delivery: Delivery, item: RawJson): EventItem {
  const { value, text: payload } = item;
  const id = textMember(value, 'id');
  const subject = id === null ? null : itemId(delivery.source, id);
  const status = textMember(value, 'status');
  if (id === null || status === null) return unparsed(delivery, payload, subject);
  return {
    event_id: itemId(delivery.source, `${id}:${status}`),
    type: STATUS,
    subject,
    ts: instantOf(member(value, 'timestamp')) ?? delivery.receivedAt,
    payload,
    content: contentOf(payload),
    delivery,
  };
}

/** Yields the events of one type for items without an id. */
function* eventsOf(
  { delivery, identity, ts }: Around,
  type: string,
  items: Iterable<RawJson>,
): Generator<EventItem, void> {
  const typed = identity.copy().update(`\n${type}\n`);
  for (const { text: payload } of items)
    yield {
      event_id: itemId(delivery.source, typed.copy().update(payload).digest('hex')),
      type: columnName(type === '' ? UNKNOWN : type),
      subject: null,
      ts,
      payload,
      content: contentOf(payload),
      delivery,
    };
}
