// What the store cannot take now is 503 with Retry-After and is not stored, and nothing else waits for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from './support/bounded.ts';
import { holdWrites } from './support/engine.ts';
import { message } from './support/message.ts';
import { startService } from './support/service.ts';

describe('the database locked by another process', () => {
  it('live and reads answer while it is held, and every post ends in 200 or 503', async (t) => {
    const service = await startService(t);
    const stored = message();
    await service.store(stored);
    const release = await holdWrites(t, service);
    let settled = 0;
    const drafts = Array.from({ length: 20 }, () => message());
    const posts = drafts.map(async (draft) => {
      const answer = await service.post(draft);
      settled += 1;
      return answer;
    });
    // Each of these rounds is complete before the lock is let go of, so no probe and no read waits for it.
    const end = Date.now() + 3000;
    let rounds = 0;
    while (Date.now() < end) {
      assert.equal((await service.get('/health/live')).status, 200);
      assert.deepEqual((await service.page('?limit=1')).data, [stored]);
      assert.equal((await service.page('?q=hello')).total, 1);
      assert.equal((await service.get('/stats')).status, 200);
      assert.equal((await service.get('/metrics')).status, 200);
      rounds += 1;
      if (settled === 0) assert.equal((await service.page()).total, 1);
    }
    assert.ok(rounds > 1);
    await release();
    const answers = await Promise.all(posts);
    assert.ok(
      answers.every((answer) => answer.status === 200 || answer.status === 503),
      JSON.stringify(answers.map((answer) => answer.status)),
    );
    for (const answer of answers)
      assert.equal(
        answer.text,
        answer.status === 200 ? '{"status":"ok"}' : '{"detail":"storage unavailable"}',
      );
    const listed = new Set(await service.ids('?limit=100'));
    assert.deepEqual(
      drafts.map((draft) => listed.has(String(draft.message_id))),
      answers.map((answer) => answer.status === 200),
    );
    await service.store(message());
  });

  it('for too long: 503 with Retry-After, nothing stored, and 200 once it is free', async (t) => {
    const service = await startService(t);
    const release = await holdWrites(t, service);
    const draft = message();
    const answer = await service.post(draft);
    assert.equal(answer.status, 503);
    assert.equal(answer.text, '{"detail":"storage unavailable"}');
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    const line = await service.output.line(
      'the refused post',
      (seen) => seen.message_id === draft.message_id,
    );
    assert.deepEqual(
      [line.result, line.dup, line.level, line.status],
      ['unavailable', false, 'ERROR', 503],
    );
    await release();
    assert.equal((await service.page()).total, 0);
    await service.store(draft);
    assert.equal((await service.get('/health/ready')).status, 200);
    assert.equal((await service.page()).total, 1);
  });
});

describe('a full queue', () => {
  it('is 503 at once for what does not fit into it, and what did fit is stored in the end', async (t) => {
    const service = await startService(t, { env: { QUEUE_MESSAGES_MAX: '2' } });
    const release = await holdWrites(t, service);
    const drafts = Array.from({ length: 10 }, () => message());
    let settled = 0;
    const posts = drafts.map(async (draft) => {
      const answer = await service.post(draft);
      settled += 1;
      return answer;
    });
    // Those that wait are not given up yet when all others have been turned away, so they end in 200.
    await eventually('all but two to be turned away', () => settled >= 8 || undefined);
    await release();
    const answers = await Promise.all(posts);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assert.deepEqual([answer.status, answer.text], [503, '{"detail":"storage unavailable"}']);
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    }
    const accepted = answers.filter(({ status }) => status === 200).length;
    assert.ok(accepted >= 1 && accepted <= 2, `${accepted} accepted by a queue of two`);
    const listed = new Set(await service.ids('?limit=100'));
    assert.deepEqual(
      drafts.map((draft) => listed.has(String(draft.message_id))),
      answers.map((answer) => answer.status === 200),
    );
    await service.store(...drafts);
    assert.equal((await service.page()).total, drafts.length);
  });
});
