// Each row of the table of requests, for each scheme: what is answered, and what is stored.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { SCHEMES } from '../../../app/model/source.ts';
import type { LogLine } from '../../support/output.ts';
import type { Answer, Request } from '../../support/request.ts';
import { startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

const BODY_BYTES_MAX = 20_000;
const HOUR_MS = 3_600_000;
const providers = SCHEMES.map((scheme) => new Provider(scheme, `from-${scheme}`));
const service = await startService(
  { after },
  {
    env: {
      ...environmentOf(providers),
      ...Object.fromEntries(
        providers.map((provider) => [provider.variable('MAX_BODY_BYTES'), String(BODY_BYTES_MAX)]),
      ),
    },
  },
);

/** Sends a request under an id of its own. Returns the answer and the line of the log. */
async function sendLogged(request: Request): Promise<{ answer: Answer; line: LogLine }> {
  const id = randomUUID();
  const answer = await service.send({
    ...request,
    headers: { ...request.headers, 'X-Request-ID': id },
  });
  const line = await service.output.line(`request ${id}`, (seen) => seen.request_id === id);
  return { answer, line };
}

for (const provider of providers) {
  const { kind, name } = provider;
  const { signatureHeader } = kind;

  /** A request that is refused as if nobody knew why, for a reason that only the log has; nothing is stored. */
  async function assertRefused(request: Request, reason: string): Promise<LogLine> {
    const before = await storedOf(service, name);
    const { answer, line } = await sendLogged(request);
    assert.deepEqual([answer.status, answer.text], [401, '{"detail":"invalid signature"}']);
    assert.deepEqual(
      [line.level, line.source, line.result, line.reason, line.items],
      ['ERROR', name, 'invalid_signature', reason, 0],
    );
    assert.deepEqual(await storedOf(service, name), before);
    return line;
  }

  /** A post that is accepted as the scheme has it, and logged with these counts. */
  async function assertAccepted(request: Request, counts: object): Promise<void> {
    const { answer, line } = await sendLogged(request);
    const { status, type, text } = provider.accepted;
    assert.deepEqual(
      [answer.status, answer.headers['content-type'], answer.text],
      [status, type, text],
    );
    const { source, result, items, created, duplicates, conflicts } = line;
    assert.deepEqual({ source, result, items, created, duplicates, conflicts }, counts);
  }

  describe(`a post of a provider with the scheme ${kind.scheme}`, () => {
    it('is stored and answered as the provider expects, and again when it comes again', async () => {
      const draft = kind.draft(randomUUID());
      const items = draft.messages.length + draft.events.length;
      const counts = { source: name, items, conflicts: 0 };
      await assertAccepted(provider.request(draft), {
        ...counts,
        result: 'created',
        created: items,
        duplicates: 0,
      });
      // A retry is signed anew, later.
      const repeated = provider.request(draft, { nowMs: Date.now() + 1_000 });
      for (const path of [repeated.path, repeated.path.replace(provider.path, `${provider.path}/`)])
        await assertAccepted(
          { ...repeated, path },
          { ...counts, result: 'duplicate', created: 0, duplicates: items },
        );
      const stored = await storedOf(service, name);
      for (const id of draft.messages)
        assert.equal(stored.messages.filter((other) => other === id).length, 1);
      for (const id of draft.events)
        assert.equal(stored.events.filter((other) => other === id).length, 1);
    });

    it('is 401 without a signature', async () => {
      const request = provider.request(kind.draft(randomUUID()));
      delete request.headers[signatureHeader];
      await assertRefused(request, 'missing');
    });

    it('is 401 with a signature of another form', async () => {
      const request = provider.request(kind.draft(randomUUID()));
      request.headers[signatureHeader] = 'not a signature';
      await assertRefused(request, 'malformed');
    });

    it('is 401 with a signature of another key, or of another body', async () => {
      const draft = kind.draft(randomUUID());
      await assertRefused(provider.request(draft, { secret: kind.otherSecret }), 'mismatch');
      const request = provider.request(draft);
      const changed = Buffer.concat([draft.body, Buffer.from('&x=1')]);
      await assertRefused({ ...request, body: changed }, 'mismatch');
    });

    if (kind.signsTime)
      it('is 401 where it was signed too long ago', async () => {
        const nowMs = Date.now() - HOUR_MS;
        await assertRefused(provider.request(kind.draft(randomUUID()), { nowMs }), 'timestamp');
      });

    it('is 413 where it is too long, and the connection ends', async () => {
      const { id } = kind.draft(randomUUID());
      const body = Buffer.alloc(BODY_BYTES_MAX + 1, 'x');
      const { answer, line } = await sendLogged(provider.request({ body, id }));
      assert.deepEqual([answer.status, answer.text], [413, '{"detail":"payload too large"}']);
      assert.deepEqual([line.source, line.result, line.items], [name, 'payload_too_large', 0]);
      assert.equal(answer.headers.connection, 'close');
    });

    for (const [what, body] of [
      ['nothing', Buffer.alloc(0)],
      ['bytes that are no text', Buffer.from([0xff, 0x00, 0xfe])],
      ['JSON that is cut short', Buffer.from('{"id":"1","type":')],
      ['a list', Buffer.from('[]')],
      ['null', Buffer.from('null')],
      ['an object with nothing in it', Buffer.from('{}')],
      ['values of other types', Buffer.from('{"id":[],"entry":{},"type":7,"message_id":{}}')],
      ['nesting as deep as fits', Buffer.from('['.repeat(9_000) + ']'.repeat(9_000))],
    ] as const)
      it(`is stored and answered whatever is signed: ${what}`, async () => {
        const id = `msg_${randomUUID()}`;
        const before = await storedOf(service, name);
        const { answer } = await sendLogged(provider.request({ body, id }));
        assert.deepEqual(
          [answer.status, answer.text],
          [provider.accepted.status, provider.accepted.text],
        );
        const stored = await storedOf(service, name);
        assert.ok(stored.events.length > before.events.length, 'it is an event');
        assert.deepEqual(stored.messages, before.messages);
      });

    const handshakes = kind.scheme === 'meta';
    it(handshakes ? 'has GET for its handshake' : 'has no other method', async () => {
      for (const method of ['PUT', 'DELETE', 'PATCH', ...(handshakes ? [] : ['GET', 'HEAD'])]) {
        const answer = await service.send({ method, path: provider.path });
        assert.equal(answer.status, 405);
        assert.equal(answer.headers.allow, handshakes ? 'GET, HEAD, POST' : 'POST');
      }
    });
  });
}

describe('the handshake of Meta', () => {
  const path = '/webhook/from-meta';
  const query = (token: string, mode = 'subscribe'): string =>
    `?hub.mode=${mode}&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(token)}`;

  it('is the challenge as text, and nothing else', async () => {
    for (const at of [path, `${path}/`]) {
      const answer = await service.get(at + query('a verify token'));
      assert.deepEqual([answer.status, answer.text], [200, '1158201444']);
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    }
  });

  it('is 403 with another token, without one, and in another mode', async () => {
    for (const wrong of [query('another'), query(''), query('a verify token', 'unsubscribe'), '']) {
      const answer = await service.get(path + wrong);
      assert.deepEqual([answer.status, answer.text], [403, '{"detail":"wrong verify token"}']);
    }
  });

  it('has the same status for HEAD', async () => {
    const head = (at: string): Promise<Answer> => service.send({ method: 'HEAD', path: at });
    assert.equal((await head(path + query('a verify token'))).status, 200);
    assert.equal((await head(path + query('another'))).status, 403);
  });
});

it('the check of a URL by Slack is answered with the challenge, and nothing is stored', async () => {
  const [slack] = providers.filter(({ kind }) => kind.scheme === 'slack');
  assert.ok(slack);
  const before = await storedOf(service, slack.name);
  const body = Buffer.from('{"type":"url_verification","challenge":"3eZbrw1aB","token":"x"}');
  const { answer, line } = await sendLogged(slack.request({ body, id: 'unused' }));
  assert.deepEqual([answer.status, answer.text], [200, '3eZbrw1aB']);
  assert.match(String(answer.headers['content-type']), /^text\/plain/);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.deepEqual([line.result, line.items], ['handshake', 0]);
  assert.deepEqual(await storedOf(service, slack.name), before);
});

it('posts to all sources share one path in the metrics', async () => {
  const { text } = await service.get('/metrics');
  const paths = [...text.matchAll(/path="(\/webhook[^"]*)"/g)].map(([, path]) => path);
  assert.deepEqual(new Set(paths), new Set(['/webhook', '/webhook/{source}']));
});

it('what a delivery keeps of its headers is on the list of its scheme', async () => {
  const [github] = providers.filter(({ kind }) => kind.scheme === 'github');
  assert.ok(github);
  const draft = github.kind.draft(randomUUID());
  const request = github.request(draft);
  const sent = { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Forwarded-For': '10.0.0.1' };
  await service.send({
    ...request,
    headers: { ...request.headers, ...sent, 'User-Agent': 'Hook' },
  });
  const id = encodeURIComponent(`${github.name}:${draft.id}`);
  const event = recordIn((await service.get(`/event?id=${id}`)).json());
  const answer = await service.get(`/delivery?id=${Number(event['delivery'])}&part=headers`);
  const { headers } = recordIn(answer.json());
  assert.ok(Array.isArray(headers));
  const names = headers.map((header: unknown) => String((header as unknown[])[0]));
  assert.deepEqual(names.toSorted(), [
    'content-type',
    'user-agent',
    'x-github-delivery',
    'x-github-event',
    'x-hub-signature-256',
  ]);
});
