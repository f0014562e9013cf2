// POST /webhook beside named sources: ids that would look like theirs are refused, and all else is as without them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { parseExposition, valueOf } from '../../support/exposition.ts';
import { issuesOf } from '../../support/issues.ts';
import { message } from '../../support/message.ts';
import { startService } from '../../support/service.ts';
import { Provider, environmentOf } from './provider.ts';

const shop = new Provider('github', 'my-shop');
const service = await startService({ after }, { env: environmentOf([shop]) });

describe('an id of the default source', () => {
  for (const id of ['my-shop:1', 'my-shop:', 'my-shop:a:b', `my-shop:${'x'.repeat(300)}`])
    it(`is 422 where it begins with the name of a source and a colon: ${id.slice(0, 20)}`, async () => {
      const issues = issuesOf(await service.post(message({ message_id: id })));
      assert.deepEqual(
        issues.map(({ type, loc }) => ({ type, loc })),
        [{ type: 'value_error', loc: ['body', 'message_id'] }],
      );
      assert.match(issues[0]?.msg ?? '', /source my-shop/);
      const line = await service.output.line('the refused post', (seen) => seen.message_id === id);
      assert.equal(line.result, 'validation_error');
    });

  for (const id of [
    'my-shop',
    'my-shop-2:1',
    'My-Shop:1',
    ' my-shop:1',
    'shop:1',
    ':',
    'default:1',
  ])
    it(`is taken as it comes otherwise: ${id}`, async () => {
      await service.store(message({ message_id: id }));
      assert.ok((await service.ids('?limit=100')).includes(id));
    });

  it('is taken where no source has the name', async (t) => {
    const plain = await startService(t);
    await plain.store(message({ message_id: 'my-shop:1' }));
    assert.deepEqual(await plain.ids(), ['my-shop:1']);
  });
});

describe('the counters of each source', () => {
  it('add up to those of all webhooks', async (t) => {
    const fresh = await startService(t, { env: environmentOf([shop]) });
    const sent = message();
    await fresh.store(sent, sent, { ...sent, text: 'another' }, message());
    await fresh.post(sent, 'wrong');
    await fresh.post('[]');
    const draft = shop.kind.draft('1');
    for (const _ of [1, 2]) await shop.post(fresh, draft);
    await fresh.send(shop.request(draft, { secret: 'wrong' }));
    const families = parseExposition((await fresh.get('/metrics')).text);
    const posts = (source: string, result: string): number =>
      valueOf(families, 'oncebox_source_requests_total', { source, result });
    const items = (source: string, item: string): number[] =>
      ['created', 'duplicate', 'conflict'].map((result) =>
        valueOf(families, 'oncebox_source_items_total', { source, item, result }),
      );
    const results = [
      'created',
      'duplicate',
      'invalid_signature',
      'payload_too_large',
      'unavailable',
    ];
    assert.deepEqual(
      results.map((result) => posts('default', result)),
      [2, 2, 1, 0, 0],
    );
    assert.equal(posts('default', 'validation_error'), 1);
    assert.deepEqual(
      results.map((result) => posts('my-shop', result)),
      [1, 1, 1, 0, 0],
    );
    for (const result of results)
      assert.equal(
        valueOf(families, 'webhook_requests_total', { result }),
        posts('default', result) + posts('my-shop', result),
      );
    assert.deepEqual(items('default', 'message'), [2, 1, 1]);
    assert.deepEqual(items('my-shop', 'event'), [1, 1, 0]);
    assert.equal(valueOf(families, 'webhook_conflicts_total', {}), 1);
  });
});
