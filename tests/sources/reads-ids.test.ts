// Ids in a query string, whatever they are made of: of messages and events, and of neither.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { issuesOf, refusesParameter } from '../support/issues.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES, store } from '../support/sources.ts';
import { shown } from './shown.ts';

const service = await startService({ after }, { env: SOURCES });

describe('an id', () => {
  const ids = [
    'stream',
    'with/slash',
    '../..',
    'a+b',
    'a b',
    ' a',
    '100%',
    '%2B',
    '%25',
    '"quotes"',
    "it's",
    'a&id=c',
    'a=b',
    '#fragment',
    '?query',
    'a;b',
    'a\\b',
    'é',
    'e\u0301',
    'код-日本',
    '😀',
    '\u0000',
    'a\u0000b',
    'line\nbreak',
    '\ufffd',
    '<b>',
    'x'.repeat(512),
    '😀'.repeat(512),
  ];
  const everyByte = (text: string): string =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

  for (const id of ids) {
    const name = JSON.stringify(id).slice(0, 40);
    it(`of the default source: ${name}`, async () => {
      await service.store(message({ message_id: id }));
      assert.equal((await shown(service, '/message', id))['message_id'], id);
      const whole = await service.get(`/message?id=${everyByte(id)}`);
      assert.equal((whole.json() as { message_id: string }).message_id, id);
    });

    it(`of named sources: ${name}`, async () => {
      // One of more than 512 UTF-16 units is replaced by its hash.
      const kept = id.length <= 512 ? id : `sha256:${hash('sha256', id)}`;
      await store(service, 'shop', message({ message_id: id }));
      assert.equal(
        (await shown(service, '/message', `shop:${kept}`))['message_id'],
        `shop:${kept}`,
      );
      await store(service, 'bill', { id, type: 'paid', at: '2025-01-15T10:00:00Z' });
      assert.equal((await shown(service, '/event', `bill:${kept}`))['event_id'], `bill:${kept}`);
      const whole = await service.get(`/event?id=${everyByte(`bill:${kept}`)}`);
      assert.equal((whole.json() as { event_id: string }).event_id, `bill:${kept}`);
    });
  }

  it('must be encoded: a raw plus is a space', async () => {
    for (const id of ['x+y', 'x y']) await service.store(message({ message_id: id }));
    const found = async (raw: string): Promise<unknown> =>
      ((await service.get(`/message?id=${raw}`)).json() as { message_id: string }).message_id;
    assert.equal(await found('x+y'), 'x y');
    assert.equal(await found('x%20y'), 'x y');
    assert.equal(await found('x%2By'), 'x+y');
  });

  it('is literal where its percent signs encode nothing, and the last one counts', async () => {
    await service.store(message({ message_id: '%zz' }));
    const literal = await service.get('/message?id=none&id=%zz');
    assert.equal((literal.json() as { message_id: string }).message_id, '%zz');
  });

  it('of a message is none of an event, and the other way round', async () => {
    await store(service, 'shop', message({ message_id: 'only a message' }));
    await store(service, 'bill', { id: 'only an event', type: 'paid', at: '1736935200' });
    for (const path of [
      '/event?id=shop:only%20a%20message',
      '/message?id=bill:only%20an%20event',
      '/message?id=only%20a%20message',
      '/event?id=only%20an%20event',
    ]) {
      const answer = await service.get(path);
      assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}'], path);
    }
  });

  for (const [name, raw] of [
    ['of 8,000 characters', 'x'.repeat(8_000)],
    ['of 4,000 bytes that are not UTF-8', '%ff'.repeat(4_000)],
    ['of NULs', '%00%00'],
    ['that tries to be SQL', encodeURIComponent("' OR 1=1 --")],
    ['that is a number', '1'],
  ] as const)
    it(`${name} is 404 where there is none`, async () => {
      for (const path of ['/message', '/event']) {
        const answer = await service.get(`${path}?id=${raw}`);
        assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}'], path);
      }
    });

  for (const path of ['/message', '/event']) {
    it(`of ${path} is required`, async () => {
      const [issue, ...others] = issuesOf(await service.get(path));
      assert.deepEqual(others, []);
      assert.deepEqual([issue?.type, issue?.loc], ['missing', ['query', 'id']]);
    });
    refusesParameter(service, 'id', '', ['string_too_short'], path);
  }
});
