// What is stored of a post of the scheme hmac, by the settings of its source.
import { ARRIVAL, HASHED } from './decoded.ts';
import type { EventCase } from './event-cases.ts';

const HEADER = { HEADER: 'X-Sig' };
const hmac = { scheme: 'hmac', settings: HEADER } as const;
const SMS =
  '{"id":"s1","event":"sms:received","payload":{"messageId":12345678901234567890,"receivedAt":"2026-02-02T01:00:00.5+01:00","~/":["",{"":"t"}]}}';

export const HMAC_CASES: readonly EventCase[] = [
  {
    ...hmac,
    name: 'no settings of what is inside',
    body: SMS,
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  {
    ...hmac,
    name: 'an id in a header',
    settings: { ...HEADER, ID_HEADER: 'X-Request-Id' },
    headers: { 'x-request-id': 'r1' },
    body: SMS,
    id: 'r1',
    type: 'event',
    ts: ARRIVAL,
  },
  {
    ...hmac,
    name: 'no such header',
    settings: { ...HEADER, ID_HEADER: 'X-Request-Id' },
    body: SMS,
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
  {
    ...hmac,
    name: 'id, time and type at pointers',
    settings: {
      ...HEADER,
      ID_POINTER: '/id',
      TIME_POINTER: '/payload/receivedAt',
      TYPE_POINTER: '/event',
    },
    body: SMS,
    id: 's1',
    type: 'sms:received',
    ts: '2026-02-02T00:00:00.5Z',
  },
  {
    ...hmac,
    name: 'a number of more digits than a double keeps',
    settings: { ...HEADER, ID_POINTER: '/payload/messageId', TYPE_POINTER: '/payload/~0~1/1/' },
    body: SMS,
    id: '12345678901234567890',
    type: 't',
    ts: ARRIVAL,
  },
  {
    ...hmac,
    name: 'pointers that lead to nothing, an object and an empty text',
    settings: {
      ...HEADER,
      ID_POINTER: '/payload/~0~1/0',
      TIME_POINTER: '/payload',
      TYPE_POINTER: '/toString/name',
    },
    body: SMS,
    id: HASHED,
    type: 'event',
    ts: ARRIVAL,
  },
];
