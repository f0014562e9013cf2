// A destination over HTTPS: its certificate is verified, and one that does not hold is an attempt that failed, with the reason.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { Authority, type Identity } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { type Environment, type Service, startService } from '../support/service.ts';
import { forwardingTo, messagesOf, statusOf } from './forwarding.ts';
import { Receiver } from './receiver.ts';

const HOST = 'localhost';
/** What OpenSSL says where no authority that is known has signed. */
const UNKNOWN = /unable to verify the first certificate|self-signed certificate/;
const authority = new Authority('the authority of these tests');

/** Starts a service that knows the authority and forwards to the receiver. */
async function startFor(
  t: TestContext,
  receiver: Receiver,
  env: Environment = {},
): Promise<Service> {
  const file = join(temporaryDirectory(t), 'authority.pem');
  writeFileSync(file, authority.cert);
  return await startService(t, {
    env: { NODE_EXTRA_CA_CERTS: file, ...forwardingTo(receiver), ...env },
  });
}

/** Fails unless a message is not sent for the reason; then the application gets a certificate that holds, and the message. */
async function assertRefused(
  t: TestContext,
  identity: Identity,
  reason: RegExp,
  env: Environment = {},
): Promise<void> {
  const receiver = await Receiver.start(t, undefined, identity);
  const service = await startFor(t, receiver, env);
  await service.store(...messagesOf(1, 2));
  const status = await eventually('an attempt that failed', async () => {
    const now = await statusOf(service);
    return now['state'] === 'slowed' ? now : undefined;
  });
  assert.match(String(status['last_error']), reason);
  assert.match(String(status['reason']), reason);
  const { reason: logged } = await service.output.line(
    'the attempt',
    ({ event }) => event === 'forward_failed',
  );
  assert.match(String(logged), reason);
  assert.equal(receiver.arrivals.length, 0);
  await receiver.stop();
  receiver.identity = authority.issue(HOST);
  await receiver.listen();
  await receiver.hasAccepted(2);
}

describe('a destination over HTTPS', () => {
  it('gets everything where its certificate is of an authority in NODE_EXTRA_CA_CERTS', async (t) => {
    const receiver = await Receiver.start(t, undefined, authority.issue(HOST));
    const service = await startFor(t, receiver);
    await service.store(...messagesOf(4, 20));
    await receiver.hasAccepted(20);
    assert.equal(receiver.arrivals.length, 20);
    assert.equal((await statusOf(service))['last_error'], null);
  });

  const cases: readonly (readonly [what: string, issue: () => Identity, reason: RegExp])[] = [
    ['of an authority that is not known', () => new Authority('another').issue(HOST), UNKNOWN],
    ['that has expired', () => authority.issue(HOST, 0), /certificate has expired/],
    [
      'of another host',
      () => authority.issue('elsewhere.example'),
      /localhost.*elsewhere\.example/,
    ],
  ];
  for (const [what, issue, reason] of cases)
    it(`gets nothing while it has a certificate ${what}`, async (t) => {
      await assertRefused(t, issue(), reason);
    });

  it('is verified although the environment tells Node not to', async (t) => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    await assertRefused(t, new Authority('another').issue(HOST), UNKNOWN, env);
  });
});
