// Streams whose numbers are mostly those of other items: what is between is passed over, and everyone gets what is theirs once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Event, Follower } from '../support/follower.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

describe('thousands of numbers', () => {
  it('of events between few messages are passed over by the stream of messages', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const many = (name: string): string =>
      whatsapp({
        statuses: Array.from({ length: 1_500 }, (_, count) =>
          whatsappStatus(`${name}-${count}`, 'sent'),
        ),
      });
    const early = await new Follower(t, own.port).open();
    await store(own, 'wa', many('a'));
    await own.store(message({ message_id: 'first' }));
    await store(own, 'wa', many('b'));
    const late = await new Follower(t, own.port).open();
    const all = new Follower(t, own.port, '?after=700');
    await own.store(message({ message_id: 'second' }));
    await store(own, 'wa', many('c'));
    assert.deepEqual(await early.take(2), ['first', 'second']);
    assert.deepEqual(await all.take(2), ['first', 'second']);
    assert.deepEqual(await late.take(1), ['second']);
    assert.deepEqual(
      all.events.map(({ id }) => id),
      [1_501, 3_002],
    );
    await own.store(message({ message_id: 'third' }));
    for (const follower of [early, all, late]) {
      assert.deepEqual((await follower.take(follower === late ? 2 : 3)).at(-1), 'third');
      assert.equal(follower.events.at(-1)?.id, 4_503);
    }
  });

  it('are given once to followers at different places, of both streams', async (t) => {
    const own = await startService(t, { env: SOURCES });
    // Numbers 1 to 2,400: every third is a message.
    for (let post = 0; post < 8; post += 1) {
      const parts = Array.from({ length: 100 }, (_, count) => `${post}-${count}`);
      for (const half of [parts.slice(0, 50), parts.slice(50)])
        await store(
          own,
          'wa',
          whatsapp({
            messages: half.map((id) => whatsappText(id, 'x')),
            statuses: half.flatMap((id) => [
              whatsappStatus(id, 'sent'),
              whatsappStatus(id, 'read'),
            ]),
          }),
        );
    }
    const places = [0, 1, 120, 499, 500, 777, 1_000, 1_501, 2_399];
    const followers = places.flatMap((place) => [
      new Follower(t, own.port, `?after=${place}`, undefined, '/events/stream'),
      new Follower(t, own.port, `?after=${place}`),
    ]);
    const [whole] = followers;
    await whole?.take(2_400);
    const numbers = (events: readonly Event[]): number[] => events.map(({ id }) => id);
    assert.deepEqual(
      numbers(whole?.events ?? []),
      Array.from({ length: 2_400 }, (_, index) => index + 1),
    );
    const messages = numbers((whole?.events ?? []).filter(({ name }) => name === 'message'));
    assert.equal(messages.length, 800);
    for (const [index, follower] of followers.entries()) {
      const place = places[Math.floor(index / 2)] ?? 0;
      const wanted =
        index % 2 === 0
          ? Array.from({ length: 2_400 - place }, (_, more) => place + 1 + more)
          : messages.filter((number) => number > place);
      await follower.take(wanted.length);
      assert.deepEqual(numbers(follower.events), wanted);
    }
  });
});
