// GET /openapi.json against reality: every route is described, and every answer fits its description.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Description, type Schema } from './support/description.ts';
import { message, SECRET, sign } from './support/message.ts';
import type { Request } from './support/request.ts';
import { startService } from './support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from './support/sources.ts';

const service = await startService({ after }, { env: { ...SOURCES, MAX_BODY_BYTES: '20000' } });
await service.store(
  message({ message_id: 'plain' }),
  message({ text: null }),
  message({ text: '' }),
);
await store(
  service,
  'wa',
  whatsapp({
    messages: [{ ...whatsappText('w1', 'x'.repeat(5_000)), from: 'a user id' }],
    statuses: [whatsappStatus('w1', 'read')],
  }),
  whatsapp({ messages: [whatsappText('w1', 'another')] }),
  'not JSON',
);
await service.store(message({ message_id: 'plain', text: 'another' }));
const api = await Description.of(service);

const signed = (body: string): Request => ({
  method: 'POST',
  path: '/webhook',
  headers: { 'X-Signature': sign(body) },
  body,
});

/** Requests of every kind, with the status that they get. */
const REQUESTS: readonly [status: number, request: Request][] = [
  [200, signed(JSON.stringify(message()))],
  [401, { ...signed('{}'), headers: { 'X-Signature': sign('{}', `not ${SECRET}`) } }],
  [413, signed(`"${'x'.repeat(20_001)}"`)],
  [422, signed('{}')],
  [422, signed('nonsense')],
  [422, signed(JSON.stringify(message({ from: 'x', ts: 1, text: { deep: [1] } })))],
  [200, { path: '/messages' }],
  [200, { path: '/messages?limit=1&offset=1&q=h&since=2025-01-01T00:00:00Z' }],
  [422, { path: '/messages?limit=0&offset=x&since=y' }],
  [200, { path: '/messages?order=desc&until=2030-01-01T00:00:00Z&source=wa' }],
  [422, { path: '/messages?order=x&until=y&source=Z' }],
  [200, { path: '/message?id=plain' }],
  [200, { path: '/message?id=wa%3Aw1' }],
  [404, { path: '/message?id=none' }],
  [422, { path: '/message' }],
  [200, { path: '/events' }],
  [200, { path: '/events?order=desc&type=status&subject=wa%3Aw1&limit=1' }],
  [422, { path: '/events?limit=x&order=x&until=y&source=Z&cursor=1' }],
  [200, { path: '/event?id=wa%3Aw1%3Aread' }],
  [404, { path: '/event?id=none' }],
  [422, { path: '/event?id=' }],
  [200, { path: '/delivery?id=4' }],
  [200, { path: '/delivery?id=4&part=headers' }],
  [404, { path: '/delivery?id=1' }],
  [422, { path: '/delivery?id=x&part=y' }],
  [200, { path: '/sources' }],
  [200, { path: '/forwards' }],
  [200, { path: '/forwards/attempts?seq=1' }],
  [404, { path: '/forwards/attempts?seq=4711' }],
  [422, { path: '/forwards/attempts?seq=x' }],
  [422, { path: '/events/stream?after=x' }],
  [200, { path: '/stats' }],
  [200, { path: '/stats/timeline' }],
  [422, { path: '/stats/timeline?step=1' }],
  [422, { path: '/messages/stream?after=x' }],
  [200, { path: '/health/live' }],
  [200, { path: '/health/ready' }],
  [200, { path: '/metrics' }],
];

describe('the description', () => {
  it('is OpenAPI 3.1 and has every path of the API', () => {
    assert.equal(api.document.openapi, '3.1.0');
    assert.deepEqual(Object.keys(api.document.paths).toSorted(), [
      '/delivery',
      '/event',
      '/events',
      '/events/stream',
      '/forwards',
      '/forwards/attempts',
      '/forwards/{name}/dead',
      '/forwards/{name}/discard',
      '/forwards/{name}/replay',
      '/forwards/{name}/retry',
      '/health/live',
      '/health/ready',
      '/message',
      '/messages',
      '/messages/stream',
      '/metrics',
      '/sources',
      '/stats',
      '/stats/timeline',
      '/webhook',
      '/webhook/{source}',
    ]);
  });

  for (const [status, request] of REQUESTS) {
    const name = `${request.method ?? 'GET'} ${request.path} ${request.body?.slice(0, 24).toString() ?? ''}`;
    it(`fits ${status} of ${name}`, async () => {
      const answer = await service.send(request);
      assert.equal(answer.status, status, answer.text);
      const path = request.path.split('?')[0] ?? '';
      assert.equal(api.refutes(request.method ?? 'GET', path, answer), null);
    });
  }

  it('has examples that fit their schemas', () => {
    const answers = Object.values(api.document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) => Object.values(responses)),
    );
    const examples = answers
      .flatMap(({ content }) => Object.values(content ?? {}))
      .filter(({ example }) => example !== undefined);
    assert.ok(examples.length > 5);
    for (const { schema, example } of examples) assert.equal(api.misfit(schema, example), null);
  });

  it('states the lengths of every field, and instants as far as a pattern can', () => {
    const { message: draft, page } = api.document.components.schemas;
    const stored = page?.properties?.['data']?.items;
    const lengthsOf = (schema: Schema | undefined) =>
      Object.entries(schema?.properties ?? {}).map(([name, field]) => {
        const { minLength, maxLength } = field.anyOf?.[0] ?? field;
        return [name, minLength, maxLength];
      });
    assert.deepEqual(lengthsOf(draft), [
      ['message_id', 1, 512],
      ['from', 2, 64],
      ['to', 2, 64],
      ['ts', 20, 30],
      ['text', undefined, 4096],
    ]);
    // The rules of the webhook do not bind what named sources send.
    assert.deepEqual(lengthsOf(stored), [
      ['message_id', 1, 545],
      ['from', undefined, undefined],
      ['to', undefined, undefined],
      ['ts', 20, 30],
      ['text', undefined, undefined],
    ]);
    const ts = { $ref: '#/components/schemas/message/properties/ts' };
    const instants: [fits: boolean, instant: string][] = [
      [true, '0001-01-01T00:00:00Z'],
      [true, '9999-12-31T23:59:59.999999999Z'],
      [false, '0000-01-01T00:00:00Z'],
      [false, '2025-13-01T00:00:00Z'],
      [false, '2025-00-01T00:00:00Z'],
      [false, '2025-01-32T00:00:00Z'],
      [false, '2025-01-01T24:00:00Z'],
      [false, '2025-01-01T00:60:00Z'],
      [false, '2025-01-01T00:00:60Z'],
      [false, '2025-01-01T00:00:00.Z'],
    ];
    for (const [fits, instant] of instants)
      assert.equal(api.misfit(ts, instant) === null, fits, instant);
  });

  it('takes exactly the messages that the service takes', async () => {
    const schema = { $ref: '#/components/schemas/message' };
    const cases: [fits: boolean, draft: object][] = [
      [true, message({ message_id: '😀'.repeat(512) })],
      [false, message({ message_id: '😀'.repeat(513) })],
      [false, message({ message_id: '' })],
      [true, message({ text: '😀'.repeat(4_096) })],
      [false, message({ text: '😀'.repeat(4_097) })],
      [false, message({ from: '919876543210' })],
      [false, message({ from: '+1\n' })],
      [false, message({ from: '+' })],
      [true, message({ from: '+1', to: `+${'1'.repeat(63)}` })],
      [false, message({ to: `+${'1'.repeat(64)}` })],
      [false, message({ ts: '2025-01-15T10:00:00' })],
      [false, message({ ts: 5 })],
      [false, message({ from: undefined })],
      [true, message({ text: undefined })],
      [true, message({ unknown: 'key' })],
    ];
    for (const [fits, draft] of cases) {
      const sent = JSON.parse(JSON.stringify(draft)) as object;
      assert.equal(api.misfit(schema, sent) === null, fits, JSON.stringify(draft).slice(0, 200));
      assert.equal((await service.post(draft as Record<string, unknown>)).status, fits ? 200 : 422);
    }
  });
});
