// Meta: what is stored of each post, field by field.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EventItem, isEvent } from '../../app/model/item.ts';
import { META } from '../../app/sources/schemes/meta.ts';
import { deliveryOf, holds, itemsOf, receiverOf, storedOf } from './decoded.ts';
import { EVENT_CASES } from './meta-events.ts';
import { FIELD_CASES } from './meta-fields.ts';
import {
  METADATA,
  change,
  entry,
  messagesChange,
  messagesPost,
  post,
  timedEntry,
} from './meta-posts.ts';
import { TYPE_CASES } from './meta-types.ts';

const META_SOURCE = receiverOf(META, { VERIFY_TOKEN: 'token' });
const decode = (body: string | Uint8Array) => itemsOf(META_SOURCE, deliveryOf(body));

holds(META_SOURCE, 'a message of each type', TYPE_CASES);
holds(META_SOURCE, 'the fields of a message', FIELD_CASES);
holds(META_SOURCE, 'statuses, other changes and broken parts', EVENT_CASES);

describe('the id of an item that has none', () => {
  const idsOf = (body: string): string[] =>
    decode(body).map((item) => (isEvent(item) ? item.event_id : item.message_id));
  const alert = change('account_alerts', '{"a":1}');

  it('is the same when the post comes again, whatever comes with it', () => {
    const [id] = idsOf(post(timedEntry('1', alert)));
    assert.deepEqual(idsOf(post(timedEntry('1', change('x', '{}'), alert)))[1], id);
  });

  for (const [what, other] of [
    ['time', post(timedEntry('2', alert))],
    ['entry', post(timedEntry('1', alert)).replace('900100200300400', '900100200300401')],
    ['field', post(timedEntry('1', change('account_update', '{"a":1}')))],
    ['content', post(timedEntry('1', change('account_alerts', '{"a":2}')))],
  ] as const)
    it(`is another one where the ${what} is another one`, () => {
      assert.notDeepEqual(idsOf(other), idsOf(post(timedEntry('1', alert))));
    });

  it('is another one for another number of the business', () => {
    const errors = messagesChange({ errors: '[{"code":1}]' });
    const other = errors.replace(METADATA, '{"phone_number_id":"7"}');
    assert.equal(new Set(idsOf(post(entry(errors, other)))).size, 2);
  });
});

describe('content', () => {
  const text = (words: string): string =>
    `{"id":"wamid.A","type":"text","text":{"body":"${words}"}}`;
  const contentOf = (body: string): string => {
    const [item] = decode(body);
    assert.ok(item !== undefined && 'content' in item);
    return item.content;
  };

  it('is that of the item, whatever is around it', () => {
    const [one, other] = [
      messagesPost(text('a')),
      post(timedEntry('7', messagesChange({ messages: `[${text('a')}]` }))),
    ];
    assert.equal(contentOf(one), contentOf(other));
  });

  it('is another one where one letter differs', () => {
    assert.notEqual(contentOf(messagesPost(text('a'))), contentOf(messagesPost(text('b'))));
  });
});

describe('bytes', () => {
  it('that are not UTF-8 are one unparsed event, whose bytes are in the delivery', () => {
    const bytes = Buffer.from(messagesPost('{"id":"wamid.\u00ff"}'), 'latin1');
    const stored = decode(bytes).map(storedOf);
    assert.equal(stored.length, 1);
    assert.equal(stored[0]?.payload, null);
  });

  it('with a byte order mark before them are read', () => {
    assert.equal(
      decode(`\ufeff${messagesPost('{"id":"wamid.A"}')}`)[0]?.ts,
      '2026-02-02T08:00:00.250Z',
    );
  });
});

it('a post of 20,000 messages and 20,000 statuses: all of them', () => {
  const count = 20_000;
  const list = (more: string): string =>
    Array.from({ length: count }, (_, index) => `{"id":"wamid.${index}"${more}}`).join(',');
  const items = decode(
    post(
      entry(
        messagesChange({ messages: `[${list('')}]`, statuses: `[${list(',"status":"read"')}]` }),
      ),
    ),
  );
  assert.equal(items.length, 2 * count);
  assert.equal(
    new Set(items.map((item) => ('event_id' in item ? item.event_id : item.message_id))).size,
    2 * count,
  );
});

describe('a post that is made to cost much', () => {
  it('is 65,536 items and one event for the whole of it', () => {
    const items = decode(`{"entry":[${'{},'.repeat(70_000)}{}]}`);
    assert.equal(items.length, 65_537);
    const { payload, type } = items.at(-1) as EventItem;
    assert.deepEqual([payload, type], [null, 'unparsed']);
  });

  const LONG = `"${'7'.repeat(3_500_000)}"`;
  const many = (item: string): string => `[${`${item},`.repeat(60_000)}${item}]`;
  for (const [what, text] of [
    ['the id of an entry', `{"entry":[{"id":${LONG},"x":${many('{}')}}]}`],
    [
      'metadata',
      post(entry(`{"field":"messages","value":{"metadata":${LONG},"x":${many('{}')}}}`)),
    ],
    ['the name of a list', `{${LONG}:${many('{}')}}`],
    [
      'a contact',
      post(
        entry(messagesChange({ contacts: `[{"wa_id":${LONG}}]`, messages: many('{"id":"1"}') })),
      ),
    ],
  ] as const)
    it(`has each of its items once, however long is ${what}`, { timeout: 60_000 }, () => {
      assert.equal(decode(text).length, 60_001);
    });
});
