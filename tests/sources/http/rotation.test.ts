// The secret of a source is changed without losing a post, and GET /sources says when the old one may go.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SCHEMES } from '../../../app/model/source.ts';
import { temporaryDirectory } from '../../support/cleanup.ts';
import { type Service, startService } from '../../support/service.ts';
import { recordIn } from '../../support/shapes.ts';
import { Provider, environmentOf } from './provider.ts';

/** What GET /sources has of a source. */
async function sourceIn(service: Service, name: string): Promise<Record<string, unknown>> {
  const { data } = recordIn((await service.get('/sources')).json());
  assert.ok(Array.isArray(data));
  const found = data.map((entry) => recordIn(entry)).find(({ source }) => source === name);
  assert.ok(found, `no source ${name}`);
  return found;
}

describe('SECRET_PREVIOUS', () => {
  it('is accepted beside the current one, for each scheme', async (t) => {
    const providers = SCHEMES.map((scheme) => new Provider(scheme));
    const previous = Object.fromEntries(
      providers.map((provider) => [
        provider.variable('SECRET_PREVIOUS'),
        provider.kind.otherSecret,
      ]),
    );
    const service = await startService(t, { env: { ...environmentOf(providers), ...previous } });
    for (const provider of providers) {
      const { kind, name } = provider;
      assert.equal((await provider.post(service, kind.draft(randomUUID()))).status, 200);
      assert.equal((await sourceIn(service, name))['previous_secret_last_used'], null);
      const draft = kind.draft(randomUUID());
      for (const secret of [kind.otherSecret, kind.secret])
        assert.equal((await service.send(provider.request(draft, { secret }))).status, 200, name);
      const { previous_secret: is, previous_secret_last_used: at } = await sourceIn(service, name);
      assert.equal(is, true);
      assert.ok(!Number.isNaN(Date.parse(String(at))));
    }
  });

  it('is read from a file, and the source goes on without it once it is gone', async (t) => {
    const provider = new Provider('github');
    const { kind } = provider;
    const directory = temporaryDirectory(t);
    const file = join(directory, 'previous');
    writeFileSync(file, `${kind.otherSecret}\n`);
    const env = environmentOf([provider]);
    const both = await startService(t, {
      directory,
      env: { ...env, [provider.variable('SECRET_PREVIOUS_FILE')]: file },
    });
    const old = provider.request(kind.draft(randomUUID()), { secret: kind.otherSecret });
    assert.equal((await both.send(old)).status, 200);
    await both.stop();
    const one = await startService(t, { directory, env });
    assert.equal((await one.send(old)).status, 401);
    assert.equal((await sourceIn(one, provider.name))['previous_secret'], false);
  });
});

describe('GET /sources', () => {
  it('has the last post that was accepted and the last that was refused, with its reason', async (t) => {
    const provider = new Provider('github');
    const { kind, name } = provider;
    const service = await startService(t, { env: environmentOf([provider]) });
    const before = await sourceIn(service, name);
    assert.deepEqual([before['last_delivery'], before['last_failure']], [null, null]);
    const request = provider.request(kind.draft(randomUUID()));
    await service.send(request);
    request.headers[kind.signatureHeader] = Buffer.alloc(32).toString('base64');
    await service.send(request);
    const after = await sourceIn(service, name);
    assert.ok(!Number.isNaN(Date.parse(String(after['last_delivery']))));
    const failure = recordIn(after['last_failure'], ['at', 'reason', 'hint']);
    assert.equal(failure['reason'], 'malformed');
    assert.match(String(failure['hint']), /base64/);
    assert.deepEqual([after['messages'], after['events'], after['deliveries']], [0, 1, 1]);
  });

  it('has the last failure of the default source too', async (t) => {
    const service = await startService(t);
    for (const [signature, reason] of [
      ['nonsense', 'malformed'],
      ['0'.repeat(64), 'mismatch'],
    ] as const) {
      await service.post('{}', signature);
      const { last_failure: failure } = await sourceIn(service, 'default');
      assert.equal(recordIn(failure)['reason'], reason);
    }
    await service.send({ method: 'POST', path: '/webhook', body: '{}' });
    const { last_failure: failure } = await sourceIn(service, 'default');
    assert.equal(recordIn(failure)['reason'], 'missing');
  });
});
