// GET /message: a message with its payload as it was written, and the events that are known of it.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';
import { eventsIn, isRecent, shown } from './shown.ts';

const service = await startService({ after }, { env: SOURCES });

describe('GET /message', () => {
  it('of the default source: the fields, and null where only sources have something', async () => {
    const sent = message({ message_id: 'plain', text: null });
    await service.store(sent);
    const { seq, received_at, ...found } = await shown(service, '/message', 'plain');
    assert.ok(Number.isSafeInteger(seq) && Number(seq) > 0);
    assert.ok(isRecent(received_at));
    assert.deepEqual(found, {
      ...sent,
      source: 'default',
      kind: null,
      delivery: null,
      payload: null,
      statuses: [],
      conflicts: [],
    });
  });

  it('of a named source: its payload as it was written, its delivery, statuses and conflicts', async () => {
    const text = { ...whatsappText('wamid.1', 'Hello'), big: 'BIG', last: 1 };
    // Numbers beyond 2^53, exponents and escapes are what JSON.parse and back would change.
    const item = JSON.stringify(text)
      .replace('"BIG"', '12345678901234567890.10e+2')
      .replace('Hello', 'He\\u006c\\/lo');
    const body = whatsapp({ messages: [{}] }).replace('{}', () => item);
    assert.ok(body.includes(item));
    await store(service, 'wa', body);
    await store(
      service,
      'wa',
      whatsapp({
        statuses: [whatsappStatus('wamid.1', 'sent'), whatsappStatus('wamid.1', 'read')],
      }),
    );
    await store(service, 'wa', whatsapp({ messages: [whatsappText('wamid.1', 'Other')] }));
    const { text: raw } = await service.get('/message?id=wa%3Awamid.1');
    assert.ok(raw.includes(`"payload":${item}`), raw);
    const found = await shown(service, '/message', 'wa:wamid.1');
    assert.deepEqual(
      [found['source'], found['kind'], found['from'], found['to'], found['text'], found['ts']],
      ['wa', 'text', '+919876543210', '+14155550100', 'Hel/lo', '2025-01-15T10:00:00Z'],
    );
    assert.ok(isRecent(found['received_at']));
    const statuses = eventsIn(found['statuses']);
    assert.deepEqual(
      statuses.map((status) => [status['event_id'], status['subject'], status['type']]),
      [
        ['wa:wamid.1:sent', 'wa:wamid.1', 'status'],
        ['wa:wamid.1:read', 'wa:wamid.1', 'status'],
      ],
    );
    assert.equal(statuses[0]?.['delivery'], statuses[1]?.['delivery']);
    assert.notEqual(statuses[0]?.['delivery'], found['delivery']);
    const [conflict, ...others] = eventsIn(found['conflicts']);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [conflict?.['type'], conflict?.['subject'], conflict?.['source'], conflict?.['payload']],
      ['conflict', 'wa:wamid.1', 'wa', whatsappText('wamid.1', 'Other')],
    );
    assert.deepEqual(conflict, await shown(service, '/event', String(conflict?.['event_id'])));
    const kept = await service.get(`/delivery?id=${String(found['delivery'])}`);
    assert.equal(kept.text, body);
  });

  it('shows what else came under an id of the default source', async () => {
    const sent = message({ message_id: 'said twice' });
    await service.store(sent, { ...sent, text: 'Other' }, { ...sent, text: 'Other' });
    const { text, conflicts } = await shown(service, '/message', 'said twice');
    assert.equal(text, sent.text);
    const [conflict, ...others] = eventsIn(conflicts);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [conflict?.['source'], conflict?.['subject'], conflict?.['delivery'], conflict?.['payload']],
      ['default', 'said twice', null, { ...sent, text: 'Other' }],
    );
  });

  it('keeps 16 contents of an id, and shows the newest 100 statuses, in the order of commit', async () => {
    await store(service, 'wa', whatsapp({ messages: [whatsappText('wamid.busy', 'Hello')] }));
    for (let count = 0; count < 20; count += 1)
      await store(
        service,
        'wa',
        whatsapp({ messages: [whatsappText('wamid.busy', `Other ${count}`)] }),
      );
    const names = Array.from({ length: 130 }, (_, count) => `status-${count}`);
    await store(
      service,
      'wa',
      whatsapp({ statuses: names.map((name) => whatsappStatus('wamid.busy', name)) }),
    );
    const { statuses, conflicts } = await shown(service, '/message', 'wa:wamid.busy');
    assert.deepEqual(
      eventsIn(statuses).map((status) => status['event_id']),
      names.slice(-100).map((name) => `wa:wamid.busy:${name}`),
    );
    assert.equal(eventsIn(conflicts).length, 16);
    const numbers = [...eventsIn(conflicts), ...eventsIn(statuses)].map(({ seq }) => Number(seq));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });
});
