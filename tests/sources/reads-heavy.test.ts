// Answers that are large, and clients that do not read them: the memory that they take is limited, and others are still served.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES, post, store, whatsapp, whatsappText } from '../support/sources.ts';
import { type Wire, head, openWire } from '../support/wire.ts';

const service = await startService({ after }, { env: SOURCES });

/** Nearly the longest body that a source may have. */
const LARGE = Buffer.from(
  JSON.stringify({ id: 'large', type: 'x', at: '0', pad: 'x'.repeat(4_190_000) }),
);
await store(service, 'bill', LARGE);
const event = (await service.get('/event?id=bill:large')).json() as { delivery: number };
const LARGE_DELIVERY = `/delivery?id=${event.delivery}`;

async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
  const { text } = await service.get('/metrics');
  return valueOf(parseExposition(text), name, labels);
}

/** How often a route has refused because too much waits, once nothing is being read any more. */
async function refused(path: string): Promise<number> {
  await eventually('the end of all reads', async () =>
    (await metric('oncebox_reader_queue_questions')) === 0 ? true : undefined,
  );
  return await metric('oncebox_unavailable_total', { path, reason: 'too_many_bodies' });
}

describe('fifty clients that take a delivery of 4 MiB at once', () => {
  it('all get it, byte for byte, or are asked to come again', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.get(LARGE_DELIVERY)),
    );
    const statuses = answers.map(({ status }) => status);
    assert.ok(statuses.includes(200));
    for (const { status, bytes, headers } of answers) {
      if (status === 200) assert.ok(bytes.equals(LARGE));
      else assert.deepEqual([status, headers['retry-after']], [503, '1']);
    }
  });
});

for (const [path, name] of [
  ['/delivery', LARGE_DELIVERY],
  ['/event', '/event?id=bill:large'],
] as const)
  describe(`clients that ask for ${path} and do not read`, () => {
    it('are refused once what waits for them is 128 MiB, and no longer than they wait', async (t) => {
      const before = await refused(path);
      const wires: Wire[] = [];
      // What the system takes of each is no longer in the process.
      while ((await refused(path)) === before) {
        assert.ok(wires.length < 400, 'nobody is refused');
        for (let count = 0; count < 10; count += 1) {
          const wire = await openWire(t, service.port);
          wire.pause();
          wire.write(head('GET', name));
          wires.push(wire);
        }
      }
      assert.ok(wires.length > 20, `refused after ${wires.length}`);
      // What is small, or stored, is not kept waiting by them.
      assert.equal((await service.get('/stats')).status, 200);
      assert.equal((await post(service, 'shop', message())).status, 200);
      for (const wire of wires) wire.destroy();
      await eventually('an answer again', async () =>
        (await service.get(name)).status === 200 ? true : undefined,
      );
    });
  });

describe('texts of a megabyte', () => {
  it('are listed and found by their first 65,536 characters; the payload has all of them', async () => {
    const words = 'ÄÖÜ needle '.repeat(80_000);
    await store(service, 'wa', whatsapp({ messages: [whatsappText('long', words)] }));
    for (const query of ['source=wa', 'q=needle%20%C3%A4', 'source=wa&order=desc&q=needle']) {
      const { data, total } = await service.page(`?${query}`);
      assert.equal(total, 1, query);
      assert.equal(data[0]?.text, words.slice(0, 65_536));
    }
    const { payload } = (await service.get('/message?id=wa:long')).json() as {
      payload: { text: { body: string } };
    };
    assert.equal(payload.text.body, words);
  });
});
