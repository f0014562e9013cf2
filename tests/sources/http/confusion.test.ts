// Posts that are genuine, and sent where or when they were not meant: to another source, under another id, again.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, it } from 'node:test';
import { SCHEMES, type SchemeName } from '../../../app/model/source.ts';
import { startService } from '../../support/service.ts';
import { Provider, environmentOf } from './provider.ts';
import { storedOf } from './stored.ts';

/** One text that each scheme takes for a secret. */
const SHARED = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const providers = SCHEMES.map((scheme) => new Provider(scheme, `own-${scheme}`));
const sharing = SCHEMES.map((scheme) => new Provider(scheme, `shared-${scheme}`, SHARED));
const service = await startService(
  { after },
  {
    env: {
      ...environmentOf([...providers, ...sharing]),
      ...Object.fromEntries(sharing.map((provider) => [provider.variable('SECRET'), SHARED])),
    },
  },
);

/** Sends a post of each provider to each of the others, and returns those pairs that were accepted. */
async function acceptedPairs(all: readonly Provider[]): Promise<string[]> {
  const accepted: string[] = [];
  for (const from of all)
    for (const to of all.filter((one) => one !== from)) {
      const request = from.request(from.kind.draft(randomUUID()));
      const { status } = await service.send({
        ...request,
        path: request.path.replace(from.path, to.path),
      });
      if (status === 200) accepted.push(`${from.kind.scheme} at ${to.kind.scheme}`);
      else assert.equal(status, 401);
    }
  return accepted;
}

it('a post is refused by each source but its own', async () => {
  assert.deepEqual(await acceptedPairs(providers), []);
});

it('under one secret for all, only schemes with the same signature accept posts of each other', async () => {
  assert.deepEqual((await acceptedPairs(sharing)).toSorted(), ['github at meta', 'meta at github']);
});

/** Sends a post of a provider, then the same bytes with other values of headers; returns how many events there are more. */
async function eventsAfterReplay(
  scheme: SchemeName,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const provider = providers[SCHEMES.indexOf(scheme)] as Provider;
  const captured = provider.request(provider.kind.draft(randomUUID()));
  const before = (await storedOf(service, provider.name)).events.length;
  assert.equal((await service.send(captured)).status, 200);
  await service.send({ ...captured, headers: { ...captured.headers, ...headers } });
  return (await storedOf(service, provider.name)).events.length - before;
}

it('a captured post that comes again under another id is one more event where the scheme does not sign the id', async () => {
  assert.equal(await eventsAfterReplay('github', { 'X-GitHub-Delivery': 'another' }), 2);
  assert.equal(await eventsAfterReplay('shopify', { 'X-Shopify-Event-Id': 'another' }), 2);
});

it('a captured post under another id is refused where the id is signed, and a duplicate where it is in the body', async () => {
  assert.equal(await eventsAfterReplay('standard', { 'webhook-id': 'another' }), 1);
  assert.equal(await eventsAfterReplay('standard', { 'svix-id': 'another' }), 1);
  assert.equal(await eventsAfterReplay('stripe', { 'webhook-id': 'another' }), 1);
});
