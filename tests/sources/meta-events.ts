// What is stored of the statuses of Meta, of its other changes, and of posts of several or of broken parts.
import type { Case, Stored } from './decoded.ts';
import { ARRIVAL } from './decoded.ts';
import {
  CONTACTS,
  METADATA,
  change,
  entry,
  event,
  message,
  messagesChange,
  messagesPost,
  post,
  status,
  statusesPost,
  timedEntry,
  unparsed,
} from './meta-posts.ts';

const SENT =
  '{"id":"wamid.OUT0001","status":"sent","timestamp":"1769990010","recipient_id":"5511900000001","conversation":{"id":"c1","expiration_timestamp":"1770076400","origin":{"type":"service"}},"pricing":{"billable":true,"pricing_model":"PMP","category":"service"}}';
const DELIVERED =
  '{"id":"wamid.OUT0001","status":"delivered","timestamp":"1769990011","recipient_id":"5511900000001"}';
const READ =
  '{"id":"wamid.OUT0001","status":"read","timestamp":"1769990012","recipient_user_id":"US.9"}';
const FAILED =
  '{"id":"wamid.OUT0002","status":"failed","timestamp":"1769990013","recipient_id":"5511900000001","errors":[{"code":130472,"title":"x","error_data":{"details":"y"}}]}';
const STORED_SENT = status(SENT, 'wamid.OUT0001', 'sent', '2026-02-01T23:53:30Z');
const STORED_DELIVERED = status(DELIVERED, 'wamid.OUT0001', 'delivered', '2026-02-01T23:53:31Z');
const STORED_READ = status(READ, 'wamid.OUT0001', 'read', '2026-02-01T23:53:32Z');
const STORED_FAILED = status(FAILED, 'wamid.OUT0002', 'failed', '2026-02-01T23:53:33Z');

/** A text message, and what is stored of it. */
function text(id: string): readonly [payload: string, stored: Stored] {
  const payload = `{"from":"5511900000001","id":"${id}","timestamp":"1769990000","type":"text","text":{"body":"Hi"}}`;
  return [
    payload,
    message(payload, { message: id, ts: '2026-02-01T23:53:20Z', kind: 'text', text: 'Hi' }),
  ];
}
const [A, STORED_A] = text('wamid.A');
const [B, STORED_B] = text('wamid.B');
const [C, STORED_C] = text('wamid.C');

const STATUSES: readonly Case[] = [
  {
    name: 'four statuses of two messages',
    body: statusesPost(SENT, DELIVERED, READ, FAILED),
    stored: [STORED_SENT, STORED_DELIVERED, STORED_READ, STORED_FAILED],
  },
  {
    name: 'a status without time: that of arrival',
    body: statusesPost('{"id":"wamid.X","status":"played"}'),
    stored: [status('{"id":"wamid.X","status":"played"}', 'wamid.X', 'played', ARRIVAL)],
  },
  {
    name: 'a status without state is unparsed, and names its message',
    body: statusesPost('{"id":"wamid.X"}', DELIVERED),
    stored: [unparsed('{"id":"wamid.X"}', 'wamid.X'), STORED_DELIVERED],
  },
  {
    name: 'a status without id, and none at all',
    body: statusesPost('{"status":"sent"}', 'null', DELIVERED),
    stored: [unparsed('{"status":"sent"}'), unparsed('null'), STORED_DELIVERED],
  },
];

/** A change that is one event, named after its field. */
function other(field: string, value: string): Case {
  const item = change(field, value);
  return {
    name: `a change of ${field}`,
    body: post(timedEntry('1769990000', item)),
    stored: [event(item, field, '2026-02-01T23:53:20Z')],
  };
}

const CALL = `{"messaging_product":"whatsapp","metadata":${METADATA},"contacts":${CONTACTS},"calls":[{"id":"wacid.1","to":"14155550100","from":"5511900000001","event":"connect","timestamp":"1769990000","direction":"USER_INITIATED","session":{"sdp":"v=0","sdp_type":"offer"}}]}`;
const CALL_STATUS = `{"messaging_product":"whatsapp","metadata":${METADATA},"statuses":[{"id":"wacid.1","timestamp":"1769990000","type":"call","status":"RINGING","recipient_id":"5511900000001"}]}`;
const ECHO = `{"messaging_product":"whatsapp","metadata":${METADATA},"message_echoes":[{"from":"14155550100","to":"5511900000001","id":"wamid.E1","timestamp":"1769990000","type":"text","text":{"body":"Hi"}}]}`;
const HISTORY = `{"messaging_product":"whatsapp","metadata":${METADATA},"history":[{"metadata":{"phase":0,"chunk_order":1,"progress":55},"threads":[{"id":"5511900000001","messages":[${A}]}]}]}`;
const PREFERENCES = `{"messaging_product":"whatsapp","metadata":${METADATA},"contacts":[{"wa_id":"5511900000001"}],"user_preferences":[{"wa_id":"5511900000001","detail":"x","category":"marketing_messages","value":"stop","timestamp":1769990000}]}`;

const CHANGES: readonly Case[] = [
  other('calls', CALL),
  other('calls', CALL_STATUS),
  other('smb_message_echoes', ECHO),
  other('history', HISTORY),
  other('user_preferences', PREFERENCES),
  other('account_update', '{"event":"VERIFIED_ACCOUNT"}'),
  other(
    'message_template_status_update',
    '{"event":"APPROVED","message_template_id":12345678901234567890,"message_template_name":"n","message_template_language":"pt-BR","reason":null}',
  ),
  other('phone_number_quality_update', '{"display_phone_number":"14155550100","event":"FLAGGED"}'),
  other('a field that did not exist yet', '[1,2,{"x":null}]'),
  other('messages', '"a text"'),
  other('messages', '{"messaging_product":"whatsapp","messages":[],"statuses":null}'),
  {
    name: 'a change without time: that of arrival',
    body: post(entry(change('account_alerts', '{}'))),
    stored: [event(change('account_alerts', '{}'), 'account_alerts')],
  },
  {
    name: 'a time in milliseconds',
    body: post(timedEntry('1769990000250', change('feed', '{}'))),
    stored: [event(change('feed', '{}'), 'feed', '2026-02-01T23:53:20.250Z')],
  },
];

const ERROR = '{"code":0,"title":"We were unable to authenticate the app user"}';

const TOGETHER: readonly Case[] = [
  {
    name: 'messages and statuses in one change, in order',
    body: post(entry(messagesChange({ messages: `[${A},${B}]`, statuses: `[${SENT}]` }))),
    stored: [STORED_A, STORED_B, STORED_SENT],
  },
  {
    name: 'errors beside a message are events of their own',
    body: post(
      timedEntry(
        '1769990000',
        messagesChange({ errors: `[${ERROR},${ERROR}]`, messages: `[${A}]` }),
      ),
    ),
    stored: [
      STORED_A,
      event(ERROR, 'errors', '2026-02-01T23:53:20Z'),
      event(ERROR, 'errors', '2026-02-01T23:53:20Z'),
    ],
  },
  {
    name: 'an object beside a message is an event too; a text or number belongs to its neighbours',
    body: post(entry(messagesChange({ extra: '{"a":1}', version: '"2"', messages: `[${A}]` }))),
    stored: [STORED_A, event('{"a":1}', 'extra')],
  },
  {
    name: 'two entries of two changes each',
    body: post(
      entry(messagesChange({ messages: `[${A}]` }), messagesChange({ messages: `[${B}]` })),
      entry(change('account_alerts', '{}'), messagesChange({ messages: `[${C}]` })),
    ),
    stored: [STORED_A, STORED_B, event(change('account_alerts', '{}'), 'account_alerts'), STORED_C],
  },
  {
    name: 'a broken message between two',
    body: messagesPost(A, '{"type":"text","text":{"body":"no id"}}', B),
    stored: [STORED_A, unparsed('{"type":"text","text":{"body":"no id"}}'), STORED_B],
  },
  {
    name: 'messages that are no list',
    body: post(entry(messagesChange({ messages: '{"0":1}', statuses: `[${SENT}]` }))),
    stored: [unparsed('{"0":1}'), STORED_SENT],
  },
  {
    name: 'a broken change between two, and a broken entry',
    body: post(
      '"entry"',
      entry(messagesChange({ messages: `[${A}]` }), '7', messagesChange({ messages: `[${B}]` })),
    ),
    stored: [unparsed('"entry"'), STORED_A, unparsed('7'), STORED_B],
  },
  {
    name: 'a change without field',
    body: post(entry('{"value":{"messages":[]}}', messagesChange({ messages: `[${A}]` }))),
    stored: [unparsed('{"value":{"messages":[]}}'), STORED_A],
  },
];

const MESSAGING =
  '{"sender":{"id":"624734821115"},"recipient":{"id":"483961371799675"},"timestamp":1769990000250,"message":{"mid":"m_1","text":"Hi"}}';
const PAGE = (member: string): string =>
  `{"object":"page","entry":[{"id":"483961371799675","time":1769990000250,${member}}]}`;

const FOREIGN: readonly Case[] = [
  {
    name: 'Messenger: each element of messaging[] is an event',
    body: PAGE(`"messaging":[${MESSAGING},null]`),
    stored: [
      event(MESSAGING, 'messaging', '2026-02-01T23:53:20.250Z'),
      event('null', 'messaging', '2026-02-01T23:53:20.250Z'),
    ],
  },
  {
    name: 'Instagram: changes and fields that have changed',
    body: PAGE(`"changes":[${change('comments', '{"id":"1"}')}],"changed_fields":["name"]`),
    stored: [
      event(change('comments', '{"id":"1"}'), 'comments', '2026-02-01T23:53:20.250Z'),
      event('"name"', 'changed_fields', '2026-02-01T23:53:20.250Z'),
    ],
  },
  {
    name: 'an entry without anything',
    body: '{"object":"page","entry":[{"id":"1","time":1},{"id":"2","changes":[]}]}',
    stored: [unparsed('{"id":"1","time":1}'), unparsed('{"id":"2","changes":[]}')],
  },
  ...['{}', '{"object":"x"}', '{"object":"x","entry":[]}', '[]', '7', 'null', '"x"'].map(
    (body) => ({
      name: `JSON without anything in it: ${body}`,
      body: ` ${body}\n`,
      stored: [unparsed(body)],
    }),
  ),
  { name: 'entry is no list', body: '{"entry":{"id":"1"}}', stored: [unparsed('{"id":"1"}')] },
  {
    name: 'objects and lists beside the entries',
    body: `{"contacts":[{"wa_id":"1"}],"messages":[${A}],"meta":{"v":1},"object":"x"}`,
    stored: [event('{"wa_id":"1"}', 'contacts'), event(A, 'messages'), event('{"v":1}', 'meta')],
  },
  { name: 'no JSON', body: '{"object":', stored: [unparsed(null)] },
  { name: 'nothing', body: '', stored: [unparsed(null)] },
];

export const EVENT_CASES: readonly Case[] = [...STATUSES, ...CHANGES, ...TOGETHER, ...FOREIGN];
