// A secret is changed without losing a message: old and new are taken side by side, and a counter says when the old one may go.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from './support/cleanup.ts';
import { parseExposition, valueOf } from './support/exposition.ts';
import { bytesOf, message, SECRET, sign } from './support/message.ts';
import { refusal } from './support/refusal.ts';
import { startService } from './support/service.ts';
import type { Environment, Service } from './support/service.ts';

const OLD = 'the secret of last year';
const NEW = 'the secret of this year';

/** Posts a message signed with `secret` and returns the status. */
async function postWith(service: Service, secret: string, draft = message()): Promise<number> {
  const body = bytesOf(draft);
  return (await service.post(body, sign(body, secret))).status;
}

async function counted(service: Service): Promise<{ current: number; previous: number }> {
  const families = parseExposition((await service.get('/metrics')).text);
  const of = (secret: string): number => valueOf(families, 'webhook_signatures_total', { secret });
  return { current: of('current'), previous: of('previous') };
}

describe('WEBHOOK_SECRET_PREVIOUS', () => {
  it('lets senders change over one by one: nothing is refused at any step', async (t) => {
    const directory = temporaryDirectory(t);
    const steps: [env: Environment, accepted: string[], refused: string[]][] = [
      [{ WEBHOOK_SECRET: OLD }, [OLD], [NEW]],
      [{ WEBHOOK_SECRET: NEW, WEBHOOK_SECRET_PREVIOUS: OLD }, [OLD, NEW], [SECRET]],
      [{ WEBHOOK_SECRET: NEW }, [NEW], [OLD]],
    ];
    let stored = 0;
    for (const [env, accepted, refused] of steps) {
      const service = await startService(t, { directory, env });
      for (const secret of accepted) assert.equal(await postWith(service, secret), 200);
      for (const secret of refused) assert.equal(await postWith(service, secret), 401);
      stored += accepted.length;
      assert.equal((await service.page()).total, stored);
      await service.stop();
    }
  });

  it('is counted apart, from 0 on, so that its last use can be seen', async (t) => {
    const env = { WEBHOOK_SECRET: NEW, WEBHOOK_SECRET_PREVIOUS: OLD };
    const service = await startService(t, { env });
    const { text } = await service.get('/metrics');
    for (const secret of ['current', 'previous'])
      assert.ok(text.includes(`webhook_signatures_total{secret="${secret}"} 0`), text);
    await postWith(service, NEW);
    await postWith(service, OLD);
    await postWith(service, OLD, { nonsense: true });
    await postWith(service, SECRET);
    await service.get('/health/live');
    assert.deepEqual(await counted(service), { current: 1, previous: 2 });
  });

  it('a message under the old and the new secret is one message', async (t) => {
    const env = { WEBHOOK_SECRET: NEW, WEBHOOK_SECRET_PREVIOUS: OLD };
    const service = await startService(t, { env });
    const draft = message();
    for (const secret of [OLD, NEW, OLD]) assert.equal(await postWith(service, secret, draft), 200);
    assert.equal((await service.page()).total, 1);
  });

  it('is read from a file as well', async (t) => {
    const file = join(temporaryDirectory(t), 'previous');
    writeFileSync(file, `${OLD}\n`);
    const env = { WEBHOOK_SECRET: NEW, WEBHOOK_SECRET_PREVIOUS_FILE: file };
    const service = await startService(t, { env });
    assert.equal(await postWith(service, OLD), 200);
  });

  it('is never told: not in the log, not in the metrics', async (t) => {
    const env = { WEBHOOK_SECRET: NEW, WEBHOOK_SECRET_PREVIOUS: OLD };
    const service = await startService(t, { env });
    await postWith(service, OLD);
    const { text } = await service.get('/metrics');
    await service.stop();
    const told = text + service.output.stdout + service.output.stderr;
    assert.ok(!told.includes(OLD) && !told.includes(NEW));
  });

  for (const value of [' ', '\t\n']) {
    it(`blank is refused: ${JSON.stringify(value)}`, async (t) => {
      await refusal(t, 'WEBHOOK_SECRET_PREVIOUS', { env: { WEBHOOK_SECRET_PREVIOUS: value } });
    });
  }

  it('empty counts as unset: compose passes unset variables so', async (t) => {
    const service = await startService(t, { env: { WEBHOOK_SECRET_PREVIOUS: '' } });
    const body = bytesOf(message());
    assert.equal((await service.post(body, sign(body, ''))).status, 401);
    assert.equal((await service.post(body)).status, 200);
  });

  it('alone does not do: WEBHOOK_SECRET is needed', async (t) => {
    await refusal(t, 'WEBHOOK_SECRET', {
      env: { WEBHOOK_SECRET: undefined, WEBHOOK_SECRET_PREVIOUS: OLD },
    });
  });
});
