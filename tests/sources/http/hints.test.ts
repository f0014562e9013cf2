// A refused post that another source would accept: the log says so, and the answer does not.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import type { LogLine } from '../../support/output.ts';
import { SECRET, sign } from '../../support/message.ts';
import type { Request } from '../../support/request.ts';
import { startService } from '../../support/service.ts';
import { Provider, environmentOf } from './provider.ts';

const live = new Provider('github', 'live');
const staging = new Provider('github', 'staging');
const stripe = new Provider('stripe', 'billing');
const inbox = new Provider('oncebox', 'inbox');
const { kind } = live;
const service = await startService(
  { after },
  {
    env: {
      ...environmentOf([live, staging, stripe, inbox]),
      [staging.variable('SECRET')]: kind.otherSecret,
    },
  },
);

/** Sends what must be refused like any other post. Returns the line of the log. */
async function refusedLine(request: Request): Promise<LogLine> {
  const id = randomUUID();
  const headers = { ...request.headers, 'X-Request-ID': id };
  const answer = await service.send({ ...request, headers });
  assert.deepEqual([answer.status, answer.text], [401, '{"detail":"invalid signature"}']);
  return await service.output.line('the refused post', (line) => line.request_id === id);
}

describe('the hint of a refused post', () => {
  it('names another source of the scheme, whose key it was signed with', async () => {
    const draft = kind.draft(randomUUID());
    const line = await refusedLine({
      ...live.request(draft, { secret: kind.otherSecret }),
      path: live.path,
    });
    assert.equal(line.reason, 'mismatch');
    assert.match(String(line.hint), /that of the source staging\b/);
  });

  it('names a source of another scheme, to which the post belongs', async () => {
    const request = stripe.request(stripe.kind.draft(randomUUID()));
    const line = await refusedLine({ ...request, path: live.path });
    assert.equal(line.reason, 'missing');
    assert.match(String(line.hint), /that of the source billing\b/);
  });

  it('names the default source', async () => {
    const body = Buffer.from('{}');
    const request = { method: 'POST', body, headers: { 'X-Signature': sign(body, SECRET) } };
    const line = await refusedLine({ ...request, path: inbox.path });
    assert.match(String(line.hint), /that of the source default\b/);
  });

  it('names none where the key is of none, and none where the body is long or compressed', async () => {
    const draft = kind.draft(randomUUID());
    const unknown = await refusedLine(live.request(draft, { secret: 'a key of nobody' }));
    assert.equal(unknown.hint, undefined);
    const body = Buffer.from(JSON.stringify({ filler: 'x'.repeat(65_536) }));
    const long = live.request({ ...draft, body }, { secret: kind.otherSecret });
    assert.equal((await refusedLine(long)).hint, undefined);
    const compressed = live.request(draft, { secret: kind.otherSecret });
    compressed.headers['Content-Encoding'] = 'gzip';
    assert.equal((await refusedLine(compressed)).hint, undefined);
  });

  it('says what is wrong with the form of a signature', async () => {
    const request = live.request(kind.draft(randomUUID()));
    const signature = request.headers['X-Hub-Signature-256'] ?? '';
    request.headers['X-Hub-Signature-256'] = signature.replace('sha256=', '');
    const line = await refusedLine(request);
    assert.equal(line.reason, 'malformed');
    assert.match(String(line.hint), /without "sha256="/);
  });
});

describe('two sources with one secret and scheme', () => {
  it('both accept, each for itself', async (t) => {
    const [left, right] = [new Provider('github', 'left'), new Provider('github', 'right')];
    const both = await startService(t, { env: environmentOf([left, right]) });
    const draft = kind.draft(randomUUID());
    for (const provider of [left, right]) {
      assert.equal((await provider.post(both, draft)).status, 200);
      const id = encodeURIComponent(`${provider.name}:${draft.id}`);
      assert.equal((await both.get(`/event?id=${id}`)).status, 200);
    }
  });
});
