// Threads that die: a reader is replaced, and without its writer the process ends honestly; it never says that it is ready and cannot write.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { assertUnavailable } from '../support/unavailable.ts';
import { assertStored } from './verify.ts';
import { mutant } from './mutant.ts';

describe('a thread that dies', () => {
  it('the writer: the process ends with a code that is not 0, and every acknowledged post is stored', async (t) => {
    const main = mutant(
      t,
      'storage/sqlite/write/writer-thread.ts',
      'const gathered = gather(request);',
      "if (request.kind === 'append' && request.messages[0]?.text === 'die') process.exit(3);\n      const gathered = gather(request);",
    );
    const service = await startService(t, { main });
    const stored = message();
    await service.store(stored);
    const answer = await service.post(message({ text: 'die' })).catch(() => undefined);
    assert.ok(answer === undefined || answer.status === 503);
    const { code } = await service.exit();
    assert.ok(code !== 0 && code !== null, `exit code ${code}`);
    const line = service.output.lines().find(({ event }) => event === 'crashed');
    assert.equal(line?.level, 'ERROR');
    assert.equal(assertStored(service.databasePath, new Map()), 1);
    const next = await startService(t, { directory: service.directory });
    assert.deepEqual((await next.page()).data, [stored]);
  });

  it('a reader: its query is 503, the next ones are answered, and ready comes back', async (t) => {
    const main = mutant(
      t,
      'storage/sqlite/read/reader-thread.ts',
      "if (request.kind === 'check') return check(database);\n",
      "if (request.kind === 'page' && request.query.text === 'die') process.exit(3);\n  if (request.kind === 'check') return check(database);\n",
    );
    const service = await startService(t, { main });
    await service.store(message());
    for (let round = 0; round < 3; round += 1) {
      const died = await assertUnavailable(service, { path: '/messages?q=die' }, 'other');
      assert.equal(died.text, '{"detail":"storage unavailable"}');
      assert.equal((await service.page()).total, 1);
      assert.equal((await service.get('/stats')).status, 200);
      assert.equal((await service.get('/health/ready')).status, 200);
    }
    const lines = service.output.lines().filter(({ event }) => event === 'request_failed');
    assert.equal(lines.length, 3, 'what the reason `other` does not tell');
    await service.store(message());
    assert.equal((await service.stop()).code, 0);
  });
});
