// `oncebox prune` of what named sources have sent: by source, by age, and the erasure of a sender from bodies and payloads, too.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import {
  SOURCES,
  post,
  store,
  whatsapp,
  whatsappStatus,
  whatsappText,
} from '../support/sources.ts';
import { oncebox } from './oncebox.ts';
import { assertAgrees, bytesHold, prune, tombstones } from './removal.ts';

const SECRET_TEXT = 'SECRETOFASENDER';
const OLD = '1704067200';
const MIDDLE = '2024-06-01T00:00:00Z';
const FIRST = whatsapp({
  messages: [{ ...whatsappText('one', SECRET_TEXT), from: '4911111' }, whatsappText('two', 'kept')],
  statuses: [whatsappStatus('out', 'read', OLD)],
});

/** Three messages of `wa` and one status in two posts, an event of `bill`, a message of the default source, and a conflict. */
async function filled(t: Cleaner): Promise<Service> {
  const service = await startService(t, { env: SOURCES });
  await store(service, 'wa', FIRST, whatsapp({ messages: [whatsappText('old', 'old', OLD)] }));
  const other = { ...whatsappText('one', `${SECRET_TEXT} again`), from: '4911111' };
  await store(service, 'wa', whatsapp({ messages: [other] }));
  await store(service, 'bill', { id: '1', type: 'paid', at: '2024-01-01T00:00:00Z' });
  await service.store(message({ message_id: 'plain' }));
  return service;
}

describe('prune of what named sources have sent', () => {
  it('by source: messages, events and deliveries go, and another post of them is a duplicate', async (t) => {
    const service = await filled(t);
    const path = service.databasePath;
    const counted = await prune(t, path, '--source', 'wa', '--dry-run');
    assert.deepEqual(counted, { dryRun: true, matching: 3, matchingEvents: 2 });
    const shown = await oncebox(t, ['prune', '-d', path, '--source', 'wa', '--dry-run']);
    assert.equal(shown.stdout, '3 messages and 2 events would be removed\n');
    const told = await prune(t, path, '--source', 'wa');
    assert.deepEqual(
      [told['removed'], told['removedEvents'], told['removedDeliveries']],
      [3, 2, 3],
    );
    assert.deepEqual(await service.ids(), ['plain']);
    assert.equal((await post(service, 'wa', FIRST)).status, 200);
    assert.deepEqual(await service.ids(), ['plain']);
    await service.stop();
    assert.equal(tombstones(path), 5);
    assert.equal(bytesHold(path, new RegExp(SECRET_TEXT)), false);
    await assertAgrees(t, path);
  });

  it('by age: messages and events by their own time, deliveries with the last of them', async (t) => {
    const service = await filled(t);
    const told = await prune(t, service.databasePath, '--before', MIDDLE);
    assert.deepEqual(
      [told['removed'], told['removedEvents'], told['removedDeliveries']],
      [1, 2, 2],
    );
    assert.deepEqual(await service.ids('?source=wa'), ['wa:one', 'wa:two']);
    const left = await prune(t, service.databasePath, '--source', 'wa', '--older-than', '1d');
    assert.equal(left['removed'], 2);
    await service.stop();
    await assertAgrees(t, service.databasePath);
  });

  it('of a sender: no byte of its texts is left, in no payload and no body; the rest of the post is', async (t) => {
    const service = await filled(t);
    const path = service.databasePath;
    const told = await prune(t, path, '--from', '+4911111', '--vacuum');
    assert.deepEqual(
      [told['removed'], told['removedEvents'], told['removedDeliveries']],
      [1, 1, 2],
    );
    assert.deepEqual(await service.ids('?source=wa'), ['wa:old', 'wa:two']);
    const detail = (await service.get('/message?id=wa%3Atwo')).json() as Record<string, unknown>;
    assert.equal(detail['delivery'], null);
    assert.match(JSON.stringify(detail['payload']), /kept/);
    assert.equal((await post(service, 'wa', FIRST)).status, 200);
    await service.stop();
    assert.equal(bytesHold(path, new RegExp(SECRET_TEXT)), false);
    assert.equal(bytesHold(path, /4911111/), false);
    await assertAgrees(t, path);
  });
});
