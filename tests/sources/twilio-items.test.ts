// Twilio: what is stored of each post, field by field.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventItem } from '../../app/model/item.ts';
import { TWILIO } from '../../app/sources/schemes/twilio.ts';
import { deliveryOf, holds, itemsOf, receiverOf } from './decoded.ts';
import { CALLBACK_CASES, JSON_CASES } from './twilio-events.ts';
import { INBOUND_CASES } from './twilio-messages.ts';

const TWILIO_SOURCE = receiverOf(TWILIO, { PUBLIC_URL: 'https://inbox.example.com/webhook/sms' });

holds(TWILIO_SOURCE, 'a message that came in', INBOUND_CASES);
holds(TWILIO_SOURCE, 'a status, and what is none', CALLBACK_CASES);
holds(TWILIO_SOURCE, 'a body of JSON', JSON_CASES);

describe('content', () => {
  const contentOf = (body: string): string => {
    const [item] = itemsOf(TWILIO_SOURCE, deliveryOf(body));
    assert.ok(item !== undefined && 'content' in item);
    return item.content;
  };
  const SMS = 'MessageSid=SM1&SmsStatus=received&From=%2B1&To=%2B2&Body=Hi';

  for (const [what, body] of [
    ['fields in another order', 'Body=Hi&From=%2B1&To=%2B2&SmsStatus=received&MessageSid=SM1'],
    ['other escapes', 'MessageSid=SM1&SmsStatus=received&From=%2b1&To=%2B2&Body=%48i'],
    [
      'the fields of an attempt at the fallback URL',
      `${SMS}&ErrorCode=11200&ErrorUrl=https%3A%2F%2Fx`,
    ],
  ] as const)
    it(`is the same with ${what}`, () => {
      assert.equal(contentOf(body), contentOf(SMS));
    });

  it('is another one where a letter of a message differs, or a field is added', () => {
    assert.notEqual(contentOf(SMS.replace('Hi', 'Ho')), contentOf(SMS));
    assert.notEqual(contentOf(`${SMS}&Extra=`), contentOf(SMS));
  });

  it('of a status is another one with an error', () => {
    const status = 'MessageSid=SM1&MessageStatus=failed';
    assert.notEqual(contentOf(`${status}&ErrorCode=30003`), contentOf(status));
  });
});

it('a call is asked about many times: each is an event of its own, and the same one when it comes again', () => {
  const idOf = (body: string): unknown => {
    const [item] = itemsOf(TWILIO_SOURCE, deliveryOf(body));
    return item !== undefined && 'event_id' in item ? item.event_id : null;
  };
  const ids = ['1', '2', '1'].map((digits) =>
    idOf(`CallSid=CA1&CallStatus=ringing&Digits=${digits}`),
  );
  assert.equal(new Set(ids).size, 2);
  assert.equal(ids[0], ids[2]);
});

it('the answer is TwiML without anything to say', () => {
  assert.deepEqual(TWILIO_SOURCE.stored, {
    contentType: 'text/xml',
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  });
});

it('a form of more fields than are read is one event unparsed', () => {
  const body = Array.from({ length: 100_000 }, (_, index) => `f${index}=${index}`).join('&');
  const [item, ...others] = itemsOf(TWILIO_SOURCE, deliveryOf(body)) as readonly EventItem[];
  assert.deepEqual([item?.type, item?.payload, others], ['unparsed', null, []]);
});

it('a list of more events than are read is 65,536 of them, and one for the whole of it', () => {
  const items = itemsOf(TWILIO_SOURCE, deliveryOf(`[${'{},'.repeat(70_000)}{}]`));
  assert.equal(items.length, 65_537);
  const { payload, type } = items.at(-1) as EventItem;
  assert.deepEqual([payload, type], [null, 'unparsed']);
});
