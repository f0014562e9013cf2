// Meta, for WhatsApp: posts of many entries, changes, messages and statuses. Each is stored by itself, so that a broken one costs no other.
import { hash } from 'node:crypto';
import { type Delivery, type EventItem, type Item, STATUS } from '../../model/item.ts';
import { bodyText, member, textMember } from '../body.ts';
import { handshake } from '../handshake.ts';
import { HUB_HEADER, HUB_SIGNATURE } from '../hub-signature.ts';
import { instantOf } from '../instants.ts';
import { columnName, columnText, contentOf, itemId, unparsed } from '../items.ts';
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
  if (body === null) return [unparsed(delivery, delivery.body)];
  const members = body.members();
  const items = [
    ...listOf(delivery, members.get('entry'), (entry) => itemsOfEntry(delivery, entry)),
    ...otherItems({ delivery, identity: '', ts: delivery.receivedAt }, members, ROOT_NAMES),
  ];
  return items.length === 0 ? [unparsed(delivery, body.text)] : items;
}

const ROOT_NAMES = new Set(['object', 'entry']);
const ENTRY_NAMES = new Set(['id', 'time', 'changes']);
const CHANGE_NAMES = new Set(['field', 'value']);
const VALUE_NAMES = new Set(['messaging_product', 'metadata', 'contacts', 'messages', 'statuses']);

/** What the items of an entry have in common that carry no id of their own. */
interface Around {
  readonly delivery: Delivery;
  /** What tells equal items of two entries apart: the id of the entry and its time, as they were written. */
  readonly identity: string;
  readonly ts: string;
}

/** Returns what `read` makes of the elements of a list. What is there and is no list is one event `unparsed`. */
function listOf(
  delivery: Delivery,
  list: RawJson | undefined,
  read: (element: RawJson) => readonly Item[],
): readonly Item[] {
  if (list === undefined || list.text === 'null') return [];
  return list.isArray ? list.elements().flatMap(read) : [unparsed(delivery, list.text)];
}

/**
 * Returns an event for each object that is a member of another name than `names`, and for each element where the member is a list. Texts
 * and numbers tell about what is beside them, and yield none.
 */
function otherItems(
  around: Around,
  members: ReadonlyMap<string, RawJson>,
  names: ReadonlySet<string>,
): readonly EventItem[] {
  return [...members]
    .filter(([name]) => !names.has(name))
    .flatMap(([name, found]) =>
      (found.isObject ? [found] : found.elements()).map((item) => eventOf(around, name, item)),
    );
}

function itemsOfEntry(delivery: Delivery, entry: RawJson): readonly Item[] {
  const members = entry.members();
  const [id, time] = [members.get('id'), members.get('time')];
  const around: Around = {
    delivery,
    identity: `${id?.text ?? ''}\n${time?.text ?? ''}`,
    ts: instantOf(time?.value) ?? delivery.receivedAt,
  };
  const items = [
    ...listOf(delivery, members.get('changes'), (change) => itemsOfChange(around, change)),
    ...otherItems(around, members, ENTRY_NAMES),
  ];
  return items.length === 0 ? [unparsed(delivery, entry.text)] : items;
}

function itemsOfChange(around: Around, change: RawJson): readonly Item[] {
  const members = change.members();
  const field = members.get('field')?.value;
  if (typeof field !== 'string' || field === '') return [unparsed(around.delivery, change.text)];
  const value = members.get('value');
  if (field !== 'messages' || value?.isObject !== true) return [eventOf(around, field, change)];
  const items = [...itemsOfMessages(around, value), ...otherItems(around, members, CHANGE_NAMES)];
  return items.length === 0 ? [eventOf(around, field, change)] : items;
}

/** Returns the items of a change of the field `messages`. */
function itemsOfMessages(around: Around, value: RawJson): readonly Item[] {
  const { delivery } = around;
  const members = value.members();
  const metadata = members.get('metadata');
  const to = recipientOf(metadata?.value);
  const contacts = members.get('contacts')?.elements();
  const contact = contacts?.length === 1 ? contacts[0]?.value : null;
  const messages = listOf(delivery, members.get('messages'), (message) => [
    messageOf(delivery, message, to, contact),
  ]);
  const statuses = listOf(delivery, members.get('statuses'), (status) => [
    statusOf(delivery, status),
  ]);
  const identity = `${around.identity}\n${metadata?.text ?? ''}`;
  return [...messages, ...statuses, ...otherItems({ ...around, identity }, members, VALUE_NAMES)];
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

/** Returns the event for an item without an id. */
function eventOf({ delivery, identity, ts }: Around, type: string, item: RawJson): EventItem {
  const payload = item.text;
  return {
    event_id: itemId(delivery.source, hash('sha256', `${identity}\n${type}\n${payload}`)),
    type: columnName(type === '' ? UNKNOWN : type),
    subject: null,
    ts,
    payload,
    content: contentOf(payload),
    delivery,
  };
}
