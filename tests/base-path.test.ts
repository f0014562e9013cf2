// BASE_PATH: everything is served under the prefix and without it, and every link carries it.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { bytesOf, message, sign } from './support/message.ts';
import { refusal } from './support/refusal.ts';
import type { Request } from './support/request.ts';
import { type Service, startService } from './support/service.ts';

const inbox = await startService({ after }, { env: { BASE_PATH: '/inbox' } });
await inbox.store(message({ message_id: 'm1' }), message({ message_id: 'm2' }));

const PATHS = [
  '/messages',
  '/stats',
  '/stats/timeline',
  '/message?id=m1',
  '/events',
  '/sources',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/openapi.json',
];

const posted = (path: string): Request => {
  const body = bytesOf(message());
  return { method: 'POST', path, headers: { 'X-Signature': sign(body) }, body };
};

/** The addresses in a Link header. */
const targets = (header: unknown): string[] =>
  [...String(header).matchAll(/<([^>]*)>/g)].map(([, target = '']) => target);

/** What a page refers to. */
const references = (html: string): string[] =>
  [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, reference = '']) => reference);

describe('a request', () => {
  for (const path of PATHS) {
    it(`to ${path} is served under the prefix and without it`, async () => {
      for (const asked of [path, `/inbox${path}`, `http://example.com/inbox${path}`]) {
        assert.equal((await inbox.get(asked)).status, 200, asked);
        assert.equal((await inbox.send({ method: 'HEAD', path: asked })).status, 200, asked);
        assert.equal((await inbox.send({ method: 'PUT', path: asked })).status, 405, asked);
      }
    });
  }

  it('to the webhook too', async () => {
    assert.equal((await inbox.send(posted('/inbox/webhook'))).status, 200);
    assert.equal((await inbox.send(posted('/webhook'))).status, 200);
  });

  it('to the stream too', async () => {
    for (const path of [
      '/messages/stream',
      '/inbox/messages/stream',
      '/events/stream',
      '/inbox/events/stream',
    ])
      assert.equal((await inbox.send({ method: 'HEAD', path })).status, 200);
  });

  for (const path of [
    '/inboxes',
    '/inbox/nothing',
    '/inbox/inbox/stats',
    '/inboxstats',
    '/inbox//stats',
  ]) {
    it(`to ${path} is 404`, async () => {
      assert.equal((await inbox.get(path)).status, 404);
    });
  }

  it('is labelled with its route, and logged with the path that was asked for', async (t) => {
    const service = await startService(t, { env: { BASE_PATH: '/inbox' } });
    const dup = await service.send(posted('/inbox/webhook'));
    await service.get('/inbox/stats?x=1');
    await service.get('/inbox/nothing');
    const { text } = await service.get('/inbox/metrics');
    assert.match(text, /^http_requests_total\{method="GET",path="\/stats",status="200"\} 1$/m);
    assert.match(text, /^http_requests_total\{method="POST",path="\/webhook",status="200"\} 1$/m);
    assert.doesNotMatch(text, /inbox/);
    const lines = ['/inbox/webhook', '/inbox/stats', '/inbox/nothing'].map((path) =>
      service.output.line(path, (line) => line.path === path),
    );
    const [webhook] = await Promise.all(lines);
    assert.deepEqual([dup.status, webhook?.result, webhook?.dup], [200, 'created', false]);
  });

  it('needs the token of its route, whichever way it comes', async (t) => {
    const env = { BASE_PATH: '/inbox', API_TOKEN: 'api-token', METRICS_TOKEN: 'metrics-token' };
    const service = await startService(t, { env });
    const status = async (path: string, token: string): Promise<number> =>
      (await service.send({ path, headers: { Authorization: `Bearer ${token}` } })).status;
    for (const prefix of ['', '/inbox']) {
      assert.equal((await service.send(posted(`${prefix}/webhook`))).status, 200);
      assert.equal((await service.get(`${prefix}/health/ready`)).status, 200);
      assert.equal((await service.get(`${prefix}/`)).status, 200);
      assert.equal((await service.get(`${prefix}/stats`)).status, 401);
      assert.equal(await status(`${prefix}/stats`, 'api-token'), 200);
      assert.equal(await status(`${prefix}/metrics`, 'api-token'), 401);
      assert.equal(await status(`${prefix}/metrics`, 'metrics-token'), 200);
    }
  });
});

describe('every link carries the prefix, whether a proxy strips it or not', () => {
  it('in the Link header', async () => {
    for (const path of ['/inbox/messages', '/messages', 'http://example.com/inbox/messages']) {
      const first = await inbox.get(`${path}?limit=1&q=e`);
      const links = targets(first.headers['link']);
      assert.equal(links.length, 2);
      for (const link of links) {
        assert.match(link, /^\/inbox\/messages\?/);
        assert.equal((await inbox.get(link)).status, 200);
      }
    }
  });

  it('in the description of the API', async () => {
    for (const path of ['/inbox/openapi.json', '/openapi.json']) {
      const { servers } = (await inbox.get(path)).json() as { servers: { url: string }[] };
      assert.deepEqual(
        servers.map(({ url }) => url),
        ['/inbox'],
      );
    }
  });

  it('in the pages, which are served with and without a slash at the end, under a strict policy', async () => {
    for (const path of ['/inbox', '/inbox/', '/', '/inbox/docs', '/docs', '/inbox?range=all']) {
      const { status, headers, text } = await inbox.get(path);
      assert.equal(status, 200, path);
      assert.match(
        String(headers['content-security-policy']),
        /script-src 'self'; style-src 'self'/,
      );
      const found = references(text);
      assert.ok(found.length >= 4, text);
      for (const reference of found) {
        assert.match(reference, /^\/inbox\//);
        assert.equal((await inbox.get(reference)).status, 200, reference);
        assert.equal((await inbox.get(reference.slice('/inbox'.length))).status, 200, reference);
      }
    }
  });

  it('in compressed pages as in plain ones', async () => {
    const tags = ['identity', 'br', 'gzip'].map(async (encoding) => {
      const headers = { 'Accept-Encoding': encoding };
      const answer = await inbox.send({ path: '/inbox/', headers });
      assert.equal(answer.headers['content-encoding'] ?? 'identity', encoding);
      return answer.headers['etag'];
    });
    assert.equal(new Set(await Promise.all(tags)).size, 1);
  });
});

describe('the value', () => {
  async function linkOf(service: Service): Promise<string> {
    return targets((await service.get('/messages')).headers['link'])[0] ?? '';
  }

  const values: [value: string | undefined, prefix: string][] = [
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['/inbox/', '/inbox'],
    ['/team/a/inbox', '/team/a/inbox'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ["/a-b._~!$&'()*+,;=:@", "/a-b._~!$&'()*+,;=:@"],
    ['/...', '/...'],
    ['/message-box', '/message-box'],
    ['/team/messages', '/team/messages'],
  ];
  for (const [value, prefix] of values) {
    it(`${value === undefined ? '(unset)' : JSON.stringify(value)} is taken as ${JSON.stringify(prefix)}`, async (t) => {
      const service = await startService(t, { env: { BASE_PATH: value } });
      assert.equal(await linkOf(service), `${prefix}/messages`);
      assert.equal((await service.get(`${prefix}/stats`)).status, 200);
      const { text } = await service.get(`${prefix}/`);
      assert.ok(text.includes(`href="${prefix.replaceAll('&', '&amp;')}/icon.svg"`), text);
    });
  }

  it('is refused where it begins with a path of Oncebox itself, since a request could mean two things', async (t) => {
    const { text: home } = await inbox.get('/');
    const { paths } = (await inbox.get('/openapi.json')).json() as { paths: object };
    const own = [...Object.keys(paths), '/docs', '/openapi.json'].concat(
      references(home).map((reference) => reference.slice('/inbox'.length)),
    );
    const firsts = new Set(own.map((path) => path.split('/')[1] ?? ''));
    assert.ok(firsts.size >= 8);
    for (const first of firsts)
      for (const value of [`/${first}`, `/${first}/x/`])
        assert.match(
          await refusal(t, 'BASE_PATH', { env: { BASE_PATH: value } }),
          /path of Oncebox itself/,
        );
  });
});
