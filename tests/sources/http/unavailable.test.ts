// A store that cannot commit: 503 with Retry-After, and nothing of the delivery is stored; the retry stores all of it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { SCHEMES } from '../../../app/model/source.ts';
import { holdWrites } from '../../support/engine.ts';
import { startService } from '../../support/service.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

it('a post is 503 while nothing can be written, for each scheme, and its retry is stored whole', async (t) => {
  const providers = SCHEMES.map((scheme) => new Provider(scheme));
  const service = await startService(t, { env: environmentOf(providers) });
  const posts = providers.map((provider) => ({
    provider,
    draft: provider.kind.draft(randomUUID()),
  }));
  const release = await holdWrites(t, service);
  const refused = await Promise.all(
    posts.map(({ provider, draft }) => provider.post(service, draft)),
  );
  for (const [index, { provider }] of posts.entries()) {
    const answer = refused[index];
    assert.deepEqual(
      [answer?.status, answer?.text],
      [503, '{"detail":"storage unavailable"}'],
      provider.name,
    );
    assert.match(answer?.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    const line = await service.output.line(
      'the refused post',
      (seen) => seen.path === provider.path && seen.status === 503,
    );
    assert.deepEqual(
      [line.result, line.level, line.items, typeof line.reason],
      ['unavailable', 'ERROR', 0, 'string'],
    );
  }
  await release();
  for (const { provider, draft } of posts) {
    const none = await storedOf(service, provider.name);
    assert.deepEqual(none, { messages: [], events: [] });
    assert.equal((await provider.post(service, draft)).status, 200);
    assert.deepEqual(await storedOf(service, provider.name), {
      messages: [...draft.messages].toSorted(),
      events: [...draft.events].toSorted(),
    });
  }
});
