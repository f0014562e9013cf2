// Every command of the README and of the API page is run as it stands there, against a real service.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { page } from './support/markdown.ts';
import { stepsOf } from './support/page-commands.ts';
import { isKill, newReader } from './support/page-reader.ts';
import { skip } from './support/terminal.ts';

it(
  'README.md leads from the start to messages that are forwarded, and found after a kill',
  { skip },
  async (t) => {
    const reader = await newReader(t);
    const promised = [...page('README.md').matchAll(/`(received \S+)`/g)].map(
      ([, line = '']) => line,
    );
    assert.deepEqual(promised, ['received m1', 'received whatsapp:wamid.TEST0001']);
    let last = '';
    let kills = 0;
    for (const step of stepsOf('README.md')) {
      if (isKill(step)) for (const line of promised) await reader.sample.printed(line);
      last = await reader.follow(step);
      if (!isKill(step)) continue;
      // "Start it again with the last command."
      await reader.startAgain();
      kills += 1;
    }
    assert.equal(kills, 1);
    assert.match(
      last,
      /^\{"status":"ok"\}\n?.*"message_id":"whatsapp:wamid\.TEST0001".*"total":1,/,
    );
    const once = { '+5511900000001': 1, '+911234567890': 1, '+919876543210': 1 };
    assert.deepEqual(reader.sample.effects(), once);
  },
);

it('docs/reference/api.md: the commands run, and print what it shows', { skip }, async (t) => {
  const reader = await newReader(t);
  await reader.start({ WEBHOOK_SECRET: 'testsecret' });
  const steps = stepsOf('docs/reference/api.md');
  assert.ok(steps.filter((step) => step.shown !== null).length >= 3);
  for (const step of steps) await reader.follow(step);
});
