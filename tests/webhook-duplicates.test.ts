// One row a message_id: repeats, races and conflicts. The first write wins, and a differing repeat is never silent.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { samplesOf, parseExposition, valueOf } from './support/exposition.ts';
import { bytesOf, message, sign, uniqueNumber } from './support/message.ts';
import type { Draft } from './support/message.ts';
import type { LogLine } from './support/output.ts';
import { startService } from './support/service.ts';
import { openWire, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

/** The log lines of all requests with this id, once there are `count` of them. */
async function linesOf(id: unknown, count: number): Promise<LogLine[]> {
  const lines = await service.output.atLeast(
    count,
    `${count} lines of ${String(id)}`,
    (line) => line.message_id === id,
  );
  assert.equal(lines.length, count);
  return lines;
}

async function conflictsCounted(): Promise<number> {
  const families = parseExposition((await service.get('/metrics')).text);
  const [name = ''] = [...families.keys()].filter((family) => /conflict/.test(family));
  const [sample] = samplesOf(families, name);
  assert.ok(sample, 'there is a counter of conflicts');
  return sample.value;
}

describe('a message_id that was seen', () => {
  it('is answered 200 {"status":"ok"} and changes nothing', async () => {
    const from = uniqueNumber();
    const sent = message({ from });
    await service.store(sent);
    for (let repeat = 0; repeat < 3; repeat += 1) {
      const answer = await service.post(sent);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, '{"status":"ok"}');
    }
    assert.deepEqual(await service.page(`?from=${from}`), {
      data: [sent],
      total: 1,
      limit: 50,
      offset: 0,
    });
    const lines = await linesOf(sent.message_id, 4);
    assert.deepEqual(
      lines.map((line) => [line.result, line.dup, line.level]),
      [
        ['created', false, 'INFO'],
        ['duplicate', true, 'INFO'],
        ['duplicate', true, 'INFO'],
        ['duplicate', true, 'INFO'],
      ],
    );
  });

  const others: Draft[] = [
    { text: 'other' },
    { text: null },
    { text: '' },
    { from: '+2' },
    { to: '+2' },
    { ts: '2025-01-15T10:00:01Z' },
  ];
  for (const change of others) {
    it(`keeps the first row and reports the conflict when it comes with ${JSON.stringify(change)}`, async () => {
      const before = await conflictsCounted();
      const first = message({ from: uniqueNumber() });
      await service.store(first, { ...first, ...change });
      assert.deepEqual((await service.page(`?from=${String(first.from)}`)).data, [first]);
      const [created, repeated] = await linesOf(first.message_id, 2);
      assert.ok(created?.conflict === undefined || created.conflict === false);
      assert.deepEqual(
        [repeated?.result, repeated?.dup, repeated?.conflict, repeated?.level],
        ['duplicate', true, true, 'WARNING'],
      );
      assert.equal((await conflictsCounted()) - before, 1);
    });
  }

  const same: [string, string, string][] = [
    [
      'the keys in another order',
      '{"message_id":"ID","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":"A"}',
      '{"text":"\\u0041","ts":"2025-01-15T10:00:00Z","to":"+2","from":"+1","message_id":"ID"}',
    ],
    [
      'other unknown keys',
      '{"message_id":"ID","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":"A","x":1}',
      '{"message_id":"ID","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":"A","x":2}',
    ],
    [
      'text null instead of absent',
      '{"message_id":"ID","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z"}',
      '{"message_id":"ID","from":"+1","to":"+2","ts":"2025-01-15T10:00:00Z","text":null}',
    ],
  ];
  for (const [name, first, second] of same) {
    it(`is no conflict when it comes with ${name}`, async () => {
      const id = `same ${name}`;
      for (const body of [first, second])
        assert.equal((await service.post(body.replace('ID', id))).status, 200);
      const [, repeated] = await linesOf(id, 2);
      assert.equal(repeated?.result, 'duplicate');
      assert.equal(repeated.level, 'INFO');
      assert.ok(repeated.conflict === undefined || repeated.conflict === false);
    });
  }

  it('is seen by its exact characters: no folding, no normal form, nothing cut off', async () => {
    const from = uniqueNumber();
    const ids = [
      'id',
      'ID',
      'id ',
      ' id',
      'id\u0000',
      'id\u0000a',
      'id\u0000b',
      'é',
      'e\u0301',
      '1',
      '01',
      '1.0',
    ].map((id) => `${from}${id}`);
    await service.store(...ids.map((id) => message({ from, message_id: id })));
    assert.deepEqual((await service.ids(`?from=${from}`)).toSorted(), ids.toSorted());
  });
});

describe('one message_id, many posts at once', () => {
  for (const count of [50, 200]) {
    it(`${count} of them: all 200, one row, one created`, async () => {
      const from = uniqueNumber();
      const sent = message({ from });
      const answers = await Promise.all(Array.from({ length: count }, () => service.post(sent)));
      assert.deepEqual(
        [...new Set(answers.map((answer) => `${answer.status} ${answer.text}`))],
        ['200 {"status":"ok"}'],
      );
      assert.equal((await service.page(`?from=${from}`)).total, 1);
      const results = (await linesOf(sent.message_id, count)).map(
        (line) => `${String(line.result)} ${String(line.dup)}`,
      );
      assert.equal(results.filter((result) => result === 'created false').length, 1);
      assert.equal(results.filter((result) => result === 'duplicate true').length, count - 1);
    });
  }

  it('with texts that differ: one of them is stored, every other is a conflict', async () => {
    const from = uniqueNumber();
    const first = message({ from });
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => service.post({ ...first, text })));
    assert.ok(answers.every((answer) => answer.status === 200));
    const { data, total } = await service.page(`?from=${from}`);
    assert.equal(total, 1);
    assert.ok(texts.includes(data[0]?.text ?? ''));
    const lines = await linesOf(first.message_id, texts.length);
    assert.equal(
      lines.filter((line) => line.conflict === true && line.dup === true).length,
      texts.length - 1,
    );
  });

  it('one behind the other on one connection', async (t) => {
    const from = uniqueNumber();
    const sent = message({ from });
    const body = bytesOf(sent);
    const wire = await openWire(t, service.port);
    wire.write(Buffer.concat([1, 2, 3].map(() => webhookBytes(body, [sign(body)]))));
    for (let count = 0; count < 3; count += 1) assert.equal((await wire.reply()).status, 200);
    assert.equal((await service.page(`?from=${from}`)).total, 1);
    assert.equal(
      (await linesOf(sent.message_id, 3)).filter((line) => line.result === 'created').length,
      1,
    );
  });
});

describe('the count of outcomes', () => {
  it('is one created a row and one duplicate a repeat', async () => {
    const before = parseExposition((await service.get('/metrics')).text);
    const sent = message();
    await Promise.all([1, 2, 3, 4, 5].map(() => service.post(sent)));
    await service.store(message(), message());
    const families = parseExposition((await service.get('/metrics')).text);
    const grown = (result: string): number =>
      valueOf(families, 'webhook_requests_total', { result }) -
      valueOf(before, 'webhook_requests_total', { result });
    assert.deepEqual([grown('created'), grown('duplicate')], [3, 4]);
  });
});
