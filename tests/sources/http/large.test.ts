// One post with as many items as fit into the longest body: all of them are stored, and all are there after the answer.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { entry, messagesChange, post } from '../meta-posts.ts';
import { Provider, environmentOf } from './provider.ts';

const BODY_BYTES_MAX = 4_194_304;
const meta = new Provider('meta', 'wa');
const service = await startService({ after }, { env: environmentOf([meta]) });

it(
  'a post of four MiB with tens of thousands of messages and statuses',
  { timeout: 120_000 },
  async () => {
    const list = (count: number, item: (index: number) => string): string =>
      `[${Array.from({ length: count }, (_, index) => item(index)).join(',')}]`;
    const count = 25_000;
    const body = Buffer.from(
      post(
        entry(
          messagesChange({
            messages: list(
              count,
              (index) =>
                `{"from":"1","id":"wamid.${index}","type":"text","text":{"body":"text ${index}"}}`,
            ),
            statuses: list(count, (index) => `{"id":"wamid.out-${index}","status":"read"}`),
          }),
        ),
      ),
    );
    assert.ok(body.length > BODY_BYTES_MAX / 2 && body.length <= BODY_BYTES_MAX);
    const answer = await meta.post(service, { body, id: '' });
    assert.deepEqual([answer.status, answer.text], [200, '{"status":"ok"}']);
    const line = await service.output.line('the post', (seen) => seen.path === meta.path);
    assert.deepEqual([line['items'], line['created']], [2 * count, 2 * count]);
    const page = recordIn((await service.get('/messages?source=wa&limit=1&order=desc')).json());
    assert.equal(page['total'], count);
    const last = await service.get(
      `/event?id=${encodeURIComponent(`wa:wamid.out-${count - 1}:read`)}`,
    );
    assert.equal(last.status, 200);
  },
);
