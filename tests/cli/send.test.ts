// `oncebox send` against the real service, and against one that refuses: everything acknowledged once, nothing sent twice.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { message, sign } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { oncebox, start } from './oncebox.ts';

/** A server of our own in the place of the service. Returns the URL to post to. */
async function listen(t: TestContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/webhook`;
}

function writeLines(t: TestContext, lines: readonly string[]): string {
  const file = join(temporaryDirectory(t), 'in.ndjson');
  writeFileSync(file, lines.join('\n'));
  return file;
}

const url = (port: number): string => `http://127.0.0.1:${port}/webhook`;

describe('oncebox send', () => {
  it('posts one message from its options', async (t) => {
    const service = await startService(t);
    const args = ['send', '--url', url(service.port), '--json', '--id', 'a1', '--from', '+49151'];
    const ts = '2025-01-15T10:00:00Z';
    const result = await oncebox(t, [...args, '--to', '+1', '--ts', ts, '--text', 'Grüße']);
    assert.equal(result.code, 0, result.stderr);
    const sent = { message_id: 'a1', from: '+49151', to: '+1', ts, text: 'Grüße' };
    assert.deepEqual(result.json(), { ...sent, acknowledged: true });
    assert.deepEqual((await service.page()).data, [sent]);
  });

  it('says why the service refuses one', async (t) => {
    const service = await startService(t);
    const args = ['send', '--url', url(service.port), '--from', '911'];
    const result = await oncebox(t, args);
    assert.deepEqual([result.code, result.stdout], [1, '']);
    assert.match(result.stderr, /^oncebox: refused with 422: .*string_pattern_mismatch.*\n$/);
    const wrong = await oncebox(t, ['send', '--url', url(service.port)], {
      env: { WEBHOOK_SECRET: 'another' },
    });
    assert.deepEqual([wrong.code, (await service.page()).total], [1, 0]);
  });

  it('posts the lines of a file, tells the numbers of those that are refused, and sends the rest only once', async (t) => {
    const service = await startService(t);
    const drafts = Array.from({ length: 300 }, (_, at) => message({ message_id: `m${at}` }));
    const lines = drafts.map((draft) => JSON.stringify(draft));
    lines.splice(100, 0, '{"message_id":"wrong"}', '', 'no json at all\r');
    const file = writeLines(t, lines);
    const first = await oncebox(t, ['send', '--json', '--url', url(service.port), '--file', file]);
    assert.equal(first.code, 4, first.stderr);
    assert.deepEqual(first.json(), { sent: 300, skipped: 0, rejected: 2, retries: 0 });
    assert.equal((await service.page()).total, 300);
    const rejected = readFileSync(`${file}.rejected`, 'utf8').trim().split('\n');
    assert.deepEqual(
      rejected
        .map((line) => (JSON.parse(line) as { line: number; status: number }).line)
        .toSorted((a, b) => a - b),
      [101, 103],
    );
    assert.match(first.stderr, /^line 101: 422 /m);

    // One line fixed, one changed: these two are sent, and no other.
    lines[100] = JSON.stringify(message({ message_id: 'fixed' }));
    lines[0] = JSON.stringify(message({ message_id: 'changed' }));
    lines.splice(102, 1, '');
    writeFileSync(file, lines.join('\n'));
    const second = await oncebox(t, ['send', '--json', '--url', url(service.port), '--file', file]);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(second.json(), { sent: 2, skipped: 299, rejected: 0, retries: 0 });
    assert.equal((await service.page()).total, 302);
    assert.ok(!existsSync(`${file}.rejected`));
  });

  it('waits as long as Retry-After says, and sends again what was answered 503', async (t) => {
    const arrivals: { atMs: number; body: string; status: number }[] = [];
    const address = await listen(t, (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        assert.equal(request.headers['x-signature'], sign(body));
        const status = arrivals.length === 0 ? 503 : 200;
        arrivals.push({ atMs: performance.now(), body, status });
        response.writeHead(status, status === 503 ? { 'Retry-After': '2' } : {}).end('{}');
      });
    });
    const file = writeLines(t, ['{"a":1}', '{"a":2}', '{"a":3}']);
    const result = await oncebox(t, [
      'send',
      '--json',
      '--concurrency',
      '1',
      '--url',
      address,
      '--file',
      file,
    ]);
    assert.deepEqual(result.json(), { sent: 3, skipped: 0, rejected: 0, retries: 1 });
    assert.deepEqual(
      arrivals.map(({ body }) => body),
      ['{"a":1}', '{"a":1}', '{"a":2}', '{"a":3}'],
    );
    const [refused, again] = arrivals;
    assert.ok((again?.atMs ?? 0) - (refused?.atMs ?? 0) >= 1_990, 'it came back too early');
  });

  it('sends again what was answered by any status that may pass', async (t) => {
    const statuses = [408, 429, 500, 502, 503, 504];
    const waiting = [...statuses];
    const address = await listen(t, (_request, response) =>
      response.writeHead(waiting.shift() ?? 200, { 'Retry-After': '0' }).end('{}'),
    );
    const file = writeLines(t, ['{"a":1}']);
    const result = await oncebox(t, ['send', '--json', '--url', address, '--file', file]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.json()['retries'], statuses.length);
  });

  it('takes no time without input for a service that does not answer', async (t) => {
    let posts = 0;
    const address = await listen(t, (_request, response) => {
      posts += 1;
      response.writeHead(posts === 2 ? 503 : 200, { 'Retry-After': '0' }).end('{}');
    });
    const shell = `{ echo '{"a":1}'; sleep 2; echo '{"a":2}'; } | "$@"`;
    const args = ['send', '--json', '--patience', '1', '--url', address, '--file', '-'];
    const result = await oncebox(t, args, { shell });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(result.json(), { sent: 2, skipped: 0, rejected: 0, retries: 1 });
  });

  it('goes on after a run that was killed in its first note', async (t) => {
    const address = await listen(t, (_request, response) => response.end('{}'));
    const file = writeLines(t, ['{"a":1}', '{"a":2}']);
    writeFileSync(`${file}.sent`, '1 01');
    const args = ['send', '--json', '--concurrency', '1', '--url', address, '--file', file];
    assert.equal((await oncebox(t, args)).json()['sent'], 2);
    assert.equal((await oncebox(t, args)).json()['skipped'], 2);
  });

  it('never has more posts under way than it was told', async (t) => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const address = await listen(t, (_request, response) => {
      open += 1;
      most = Math.max(most, open);
      waiting.push(() => {
        open -= 1;
        response.end('{}');
      });
      // Answered once five are there, or no more will come.
      if (open === 5 || arrived() >= 20) for (const answer of waiting.splice(0)) answer();
    });
    let count = 0;
    const arrived = (): number => (count += 1);
    const file = writeLines(
      t,
      Array.from({ length: 20 }, (_, at) => `{"a":${at}}`),
    );
    const result = await oncebox(t, [
      'send',
      '--json',
      '--concurrency',
      '5',
      '--url',
      address,
      '--file',
      file,
    ]);
    assert.equal(result.json()['sent'], 20);
    assert.equal(most, 5);
  });

  it('gives up where nothing listens, and says so', async (t) => {
    const file = writeLines(t, ['{"a":1}']);
    const args = ['send', '--patience', '0', '--url', 'http://127.0.0.1:9/webhook', '--file', file];
    const result = await oncebox(t, args);
    assert.deepEqual([result.code, result.stdout], [1, '']);
    assert.match(result.stderr, /^oncebox: .* takes nothing \(.+\): 0 sent; run it again/);
  });

  it('killed while it sends, sends after that only what was not acknowledged', async (t) => {
    const service = await startService(t);
    const lines = Array.from({ length: 4_000 }, (_, at) =>
      JSON.stringify(message({ message_id: `m${at}` })),
    );
    const file = writeLines(t, lines);
    const args = [
      'send',
      '--json',
      '--concurrency',
      '8',
      '--url',
      url(service.port),
      '--file',
      file,
    ];
    const { child, ended } = start(t, args);
    await eventually('some messages', async () => (await service.page()).total > 200 || undefined);
    child.kill('SIGKILL');
    await ended;
    const noted = readFileSync(`${file}.sent`, 'utf8').split('\n').length - 1;
    assert.ok(noted > 100 && noted < 4_000, `${noted} were noted`);
    const result = await oncebox(t, args);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(result.json(), {
      sent: 4_000 - noted,
      skipped: noted,
      rejected: 0,
      retries: 0,
    });
    assert.equal((await service.page()).total, 4_000);
  });

  it('stopped by a signal, ends with its code and keeps its notes', async (t) => {
    const service = await startService(t);
    const lines = Array.from({ length: 4_000 }, () => JSON.stringify(message()));
    const file = writeLines(t, lines);
    const { child, ended } = start(t, ['send', '--url', url(service.port), '--file', file]);
    await eventually('some messages', async () => (await service.page()).total > 50 || undefined);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /^oncebox: interrupted\n$/);
    assert.ok(existsSync(`${file}.sent`));
  });
});
