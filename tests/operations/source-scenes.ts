// Faults of a named source, each with the alerts that it must set off.
import assert from 'node:assert/strict';
import { bytesOf, message } from '../support/message.ts';
import { SOURCES, post, store } from '../support/sources.ts';
import { post as posts } from './stage.ts';
import type { Scene } from './stage.ts';

/** Steps of a day, and some more: a scrape of the hour before is compared with one of the day after. */
const DAY_STEPS = 5_762;
const options = (): { env: typeof SOURCES } => ({ env: SOURCES });

export const SOURCE_SCENES: readonly Scene[] = [
  {
    fault: 'a named source posts, repeats itself and is read',
    fires: [],
    options,
    play: async ({ service, recording }) => {
      const sent = message();
      for (let round = 0; round < 4; round += 1) {
        await store(service, 'shop', sent, message());
        await service.get('/messages?source=shop');
        await recording.scrape(service);
      }
    },
  },
  {
    fault: 'a source that is busy at this hour of each day falls silent',
    fires: ['OnceboxSourceSilent'],
    options,
    leftOut: /^(?!oncebox_source_requests_total$)/,
    play: async ({ service, recording }) => {
      for (let round = 0; round < 4; round += 1) {
        for (let count = 0; count < 6; count += 1) await store(service, 'shop', message());
        await recording.scrape(service);
      }
      recording.hold(DAY_STEPS);
    },
  },
  {
    fault: 'one of two sources signs with another secret, though most posts of all are right',
    fires: ['OnceboxSignaturesFail'],
    options,
    play: async ({ service, recording }) => {
      for (let round = 0; round < 5; round += 1) {
        const body = bytesOf(message());
        const headers = { 'X-Signature': '0'.repeat(64) };
        const request = { method: 'POST', path: '/webhook/shop', headers, body };
        for (let count = 0; count < 3; count += 1)
          assert.equal((await service.send(request)).status, 401);
        assert.ok((await posts(service, 64)).every((status) => status === 200));
        await recording.scrape(service);
      }
      recording.hold(20);
    },
  },
  {
    fault: 'a source sends what its scheme cannot read',
    fires: ['OnceboxUnparsed'],
    options,
    play: async ({ service, recording }) => {
      assert.equal((await post(service, 'wa', 'no JSON')).status, 200);
      await recording.scrape(service);
      recording.hold(8);
    },
  },
];
