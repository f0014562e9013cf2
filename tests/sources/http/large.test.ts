// One post with as many items as fit into the longest body: of those of a provider all are stored, and of those that are made up a bounded part.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { entry, messagesChange, post } from '../meta-posts.ts';
import { oncebox } from '../../cli/oncebox.ts';
import { Provider, environmentOf } from './provider.ts';

const BODY_BYTES_MAX = 4_194_304;
const meta = new Provider('meta', 'wa');
const env = environmentOf([meta]);
const service = await startService({ after }, { env });

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

it(
  'a post of two million elements: the first 65,536, and one event for the rest, again and in a replay too',
  { timeout: 120_000 },
  async (t) => {
    const ITEMS = 65_536;
    const body = Buffer.from(`{"entry":[${'1,'.repeat(2_000_000)}1]}`);
    for (const created of [2, 0]) {
      assert.equal((await meta.post(service, { body, id: '' })).status, 200);
      const line = await service.output.line(
        `the post of which ${created} are new`,
        (seen) => seen.items === ITEMS + 1 && seen.created === created,
      );
      assert.equal(line['duplicates'], ITEMS + 1 - created);
    }
    const { data } = recordIn((await service.get('/events?type=unparsed')).json());
    assert.ok(Array.isArray(data) && data.length === 2);
    const events = await Promise.all(
      data.map(async (event: unknown) => {
        const id = encodeURIComponent(String(recordIn(event)['event_id']));
        return recordIn((await service.get(`/event?id=${id}`)).json());
      }),
    );
    assert.deepEqual(new Set(events.map(({ payload }) => payload)), new Set([1, null]));
    const [number, ...others] = new Set(events.map(({ delivery }) => String(delivery)));
    assert.deepEqual(others, []);
    assert.equal((await service.get(`/delivery?id=${number}`)).text, body.toString());
    const options = { env: { ...env, DATABASE_URL: service.databaseUrl } };
    const replay = await oncebox(t, ['replay', String(number), '--json'], options);
    const { created, duplicates, stillUnparsed } = replay.json();
    assert.deepEqual([created, duplicates, stillUnparsed], [0, ITEMS + 1, 1]);
  },
);
