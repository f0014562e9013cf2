// The paths of named sources: names that are there and not, the slash at the end, and the prefix of a reverse proxy.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { startService } from '../../support/service.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

const meta = new Provider('meta', 'from-meta');
const service = await startService({ after }, { env: environmentOf([meta]) });

describe('a name that is no source', () => {
  for (const name of [
    'from-nobody',
    'from-meta/x',
    'from-meta//',
    'FROM-META',
    'default',
    '%66rom-meta',
    'x%2F..%2Ffrom-meta',
    'x/../from-meta',
    '__proto__',
  ])
    it(`is 404: ${name}`, async () => {
      for (const method of ['GET', 'POST']) {
        const answer = await service.send({ method, path: `/webhook/${name}` });
        assert.deepEqual([answer.status, answer.text], [404, '{"detail":"Not Found"}']);
      }
    });

  it('is 404 without a token too: providers have none', async (t) => {
    const guarded = await startService(t, { env: { API_TOKEN: 'a-token' } });
    assert.equal((await guarded.send({ method: 'POST', path: '/webhook/nobody' })).status, 404);
    assert.equal((await guarded.get('/nothing')).status, 401);
  });
});

it('a source is reached under BASE_PATH and without it, with and without a slash at the end', async (t) => {
  const proxied = await startService(t, {
    env: { ...environmentOf([meta]), BASE_PATH: '/inbox' },
  });
  const sent: string[] = [];
  for (const path of [
    '/inbox/webhook/from-meta',
    '/webhook/from-meta',
    '/inbox/webhook/from-meta/',
  ]) {
    const draft = meta.kind.draft(randomUUID());
    sent.push(...draft.messages);
    assert.equal((await proxied.send({ ...meta.request(draft), path })).status, 200, path);
    const handshake = '?hub.mode=subscribe&hub.challenge=7&hub.verify_token=a+verify+token';
    assert.equal((await proxied.get(path + handshake)).text, '7');
  }
  assert.equal((await proxied.send({ method: 'POST', path: '/inbox/webhook/nobody' })).status, 404);
  assert.deepEqual((await storedOf(proxied, meta.name)).messages, sent.toSorted());
});
