// What is stored of the parties, the time and the id of a message of Meta, and of what has no id.
import { hash } from 'node:crypto';
import { ARRIVAL, type Case, type Stored } from './decoded.ts';
import {
  BUSINESS,
  CONTACTS,
  SENDER,
  entry,
  message,
  messagesChange,
  messagesPost,
  post,
  unparsed,
} from './meta-posts.ts';

/** One message of the type text, with these members before its text, and what is stored otherwise than usual. */
function said(
  name: string,
  members: string,
  differs: Partial<Extract<Stored, { message: string }>>,
  contacts = CONTACTS,
  metadata?: string,
): Case {
  const payload = `{${members},"type":"text","text":{"body":"Hi"}}`;
  const value = { contacts, messages: `[${payload}]`, ...(metadata !== undefined && { metadata }) };
  const usual = { message: 'wamid.TEST0010', ts: '2026-02-01T23:53:29Z', kind: 'text', text: 'Hi' };
  return {
    name,
    body: post(entry(messagesChange(value))),
    stored: [message(payload, { ...usual, ...differs })],
  };
}

const ID = '"id":"wamid.TEST0010","timestamp":"1769990009"';
const NO_NUMBER = '[{"profile":{"name":"K","username":"k"},"user_id":"US.10000000000000000009"}]';
const TWO = '[{"wa_id":"5511900000001"},{"wa_id":"5511900000002"}]';

const PARTIES: readonly Case[] = [
  said('digits become a number with plus', `"from":"5511900000001",${ID}`, { from: SENDER }),
  said('a plus that is there stays', `"from":"+5511900000001",${ID}`, { from: SENDER }),
  said('a number before a user id', `"from_user_id":"US.9","from":"5511900000001",${ID}`, {
    from: SENDER,
  }),
  said('a user id in the place of the number', `"from":"US.1234","from_user_id":"US.1234",${ID}`, {
    from: 'US.1234',
  }),
  said(
    'no number: the user id',
    `"from_user_id":"US.10000000000000000009",${ID}`,
    { from: 'US.10000000000000000009' },
    NO_NUMBER,
  ),
  said(
    'only the id of the parent',
    `"from_parent_user_id":"US.ENT.506847293015824",${ID}`,
    { from: 'US.ENT.506847293015824' },
    NO_NUMBER,
  ),
  said('nothing but the contact', ID, { from: 'US.10000000000000000009' }, NO_NUMBER),
  said('nothing but the number of the contact', ID, { from: SENDER }),
  said('one of two contacts, and not said which', ID, { from: 'unknown' }, TWO),
  said('no sender at all', ID, { from: 'unknown' }, '[]'),
  said('a user id as long as they may be', `"from":"CC.${'a'.repeat(128)}",${ID}`, {
    from: `CC.${'a'.repeat(128)}`,
  }),
  said('a sender that is far too long', `"from":"${'a'.repeat(5000)}",${ID}`, {
    from: 'a'.repeat(256),
  }),
  said(
    'a recipient with plus, spaces and brackets',
    `"from":"5511900000001",${ID}`,
    { to: BUSINESS },
    CONTACTS,
    '{"display_phone_number":"+1 (415) 555-0100","phone_number_id":"7"}',
  ),
  said(
    'a recipient without number',
    `"from":"5511900000001",${ID}`,
    { to: '700800900100200' },
    CONTACTS,
    '{"phone_number_id":"700800900100200"}',
  ),
  said('no metadata', `"from":"5511900000001",${ID}`, { to: 'unknown' }, CONTACTS, 'null'),
];

const FIELDS: readonly Case[] = [
  said('the time as a number', '"from":"5511900000001","id":"wamid.A","timestamp":1769990009', {
    message: 'wamid.A',
  }),
  said('no time: that of arrival', '"from":"5511900000001","id":"wamid.A"', {
    message: 'wamid.A',
    ts: ARRIVAL,
  }),
  said('a time that is none', '"from":"5511900000001","id":"wamid.A","timestamp":"soon"', {
    message: 'wamid.A',
    ts: ARRIVAL,
  }),
  said(
    'a time after the year 9999',
    '"from":"5511900000001","id":"wamid.A","timestamp":"999999999999999"',
    { message: 'wamid.A', ts: ARRIVAL },
  ),
  said(
    'an id with slashes, plus and equals sign',
    String.raw`"from":"5511900000001","id":"wamid.HB\/gN+A==","timestamp":"1769990009"`,
    { message: 'wamid.HB/gN+A==' },
  ),
  said(
    'an id with U+0000 and half of a surrogate pair',
    String.raw`"from":"5511900000001","id":"wamid.\u0000A\ud83d","timestamp":"1769990009"`,
    { message: 'wamid.\0A\ufffd' },
  ),
  said(
    'an id that is far too long',
    `"from":"5511900000001","id":"${'a'.repeat(2000)}","timestamp":"1769990009"`,
    { message: `sha256:${hash('sha256', 'a'.repeat(2000))}` },
  ),
  said(
    'members in another order, with space between',
    '"timestamp" : "1769990009" ,\n "id"\t: "wamid.A","from":"5511900000001"',
    { message: 'wamid.A' },
  ),
  said(
    'a member twice: the last counts',
    '"id":"wamid.A","from":"1","timestamp":"1","id":"wamid.B","timestamp":"1769990009","from":"5511900000001"',
    { message: 'wamid.B' },
  ),
  said('a large number', `"from":"5511900000001",${ID},"n":123456789012345678901234567890.10`, {}),
  {
    name: 'no type',
    body: messagesPost(`{"from":"5511900000001",${ID}}`),
    stored: [
      message(`{"from":"5511900000001",${ID}}`, {
        message: 'wamid.TEST0010',
        ts: '2026-02-01T23:53:29Z',
        kind: 'unknown',
      }),
    ],
  },
];

const BROKEN = [
  '{}',
  'null',
  '7',
  '"text"',
  '[]',
  '{"id":""}',
  '{"id":7,"type":"text","text":{"body":"lost?"}}',
  '{"id":null}',
];

export const FIELD_CASES: readonly Case[] = [
  ...PARTIES,
  ...FIELDS,
  ...BROKEN.map((item) => ({
    name: `no message: ${item}`,
    body: messagesPost(item),
    stored: [unparsed(item)],
  })),
];
