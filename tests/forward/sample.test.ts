// docs/examples/receiver.ts: it accepts what is signed, and its effects happen exactly once, whichever side is killed.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { seeded } from '../faults/random.ts';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { freePort } from '../support/ports.ts';
import { send } from '../support/request.ts';
import { type Service, startService } from '../support/service.ts';
import { type Sample, startSample } from '../support/sample.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ANOTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

/** A signature of Standard Webhooks. */
function signature(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

describe('the sample application', () => {
  const BODY = JSON.stringify({ type: 'message', data: { from: '+911', source: 'default' } });
  const now = Math.floor(Date.now() / 1_000);
  const right = signature(SECRET, 'm1', now, BODY);
  const cases: readonly {
    readonly name: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
  }[] = [
    { name: 'the right signature', status: 204, headers: {} },
    { name: 'the same request again', status: 204, headers: {} },
    {
      name: 'one of two signatures is right',
      status: 204,
      headers: { 'webhook-signature': `${signature(ANOTHER, 'm1', now, BODY)} ${right}` },
    },
    {
      name: 'a signature of another secret',
      status: 401,
      headers: { 'webhook-signature': signature(ANOTHER, 'm1', now, BODY) },
    },
    { name: 'a signature of another id', status: 401, headers: { 'webhook-id': 'm2' } },
    { name: 'no signature', status: 401, headers: { 'webhook-signature': '' } },
    {
      name: 'a time that is no number',
      status: 401,
      headers: { 'webhook-timestamp': 'yesterday' },
    },
    ...[-301, 310].map((seconds) => ({
      name: `signed ${seconds} s from now`,
      status: 401,
      headers: {
        'webhook-timestamp': String(now + seconds),
        'webhook-signature': signature(SECRET, 'm1', now + seconds, BODY),
      },
    })),
  ];

  it('accepts what is signed now with its secret, and has the effect once', async (t) => {
    const port = await freePort();
    const sample = await startSample(t, {
      directory: temporaryDirectory(t),
      port,
      secret: SECRET,
    });
    for (const { name, status, headers } of cases) {
      const answer = await send(port, {
        method: 'POST',
        path: '/',
        headers: {
          'webhook-id': 'm1',
          'webhook-timestamp': String(now),
          'webhook-signature': right,
          ...headers,
        },
        body: BODY,
      });
      assert.equal(answer.status, status, name);
    }
    await sample.printed('repeated m1');
    assert.deepEqual(sample.effects(), { '+911': 1 });
  });
});

/** Items of a round, and how many rounds. */
const ITEMS = 40;
const ROUNDS = 4;
const SENDERS = 5;

describe('with the sample application', () => {
  it('every effect happens exactly once, though it and Oncebox are killed at random moments', async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    t.diagnostic(`seed ${seed}`);
    const random = seeded(seed);
    const options = { directory: temporaryDirectory(t), port: await freePort(), secret: SECRET };
    const env = {
      FORWARDS: 'app',
      FORWARD_APP_URL: `http://localhost:${options.port}/`,
      FORWARD_APP_SECRET: SECRET,
    };
    const directory = temporaryDirectory(t);
    let sample: Sample = await startSample(t, options);
    let service: Service = await startService(t, { directory, env });
    const stored: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = sample.answered;
      const current = service;
      const posts = Array.from({ length: ITEMS }, async () => {
        const from = `+9199${Math.floor(random() * SENDERS)}`;
        await current.store(message({ from }));
        stored[from] = (stored[from] ?? 0) + 1;
      });
      await Promise.all(posts);
      // In the middle of what it is sent.
      const until = before + Math.floor(random() * ITEMS);
      await eventually('requests', () => sample.answered >= until || undefined);
      if (round % 2 === 0) {
        await service.stop('SIGKILL');
        service = await startService(t, { directory, env });
      } else {
        await sample.kill();
        sample = await startSample(t, options);
      }
      await finished(service);
    }
    assert.deepEqual(sample.effects(), stored);
  });
});

/** Waits until the destination has everything: then nothing comes any more. */
async function finished(service: Service): Promise<void> {
  await eventually('the destination to have everything', async () => {
    const { data } = (await service.get('/forwards')).json() as { data: { behind: number }[] };
    return data[0]?.behind === 0 || undefined;
  });
}
