// docs/forwarding.md: its settings start a service, its commands run as they stand there, and what it promises meanwhile happens.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { page } from '../support/markdown.ts';
import { stepsOf } from '../support/page-commands.ts';
import { isKill, newReader } from '../support/page-reader.ts';
import type { Service } from '../support/service.ts';
import { skip } from '../support/terminal.ts';

const PAGE = 'docs/forwarding.md';

/** Waits until the service says of its destination what follows `shown`, so that the commands find it so. */
async function until(service: Service, token: string, shown: object): Promise<void> {
  await eventually(`a destination of which holds ${JSON.stringify(shown)}`, async () => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await service.send({ path: '/forwards', headers });
    const { data } = answer.json() as { data: Record<string, unknown>[] };
    return Object.entries(shown).every(([key, value]) => data[0]?.[key] === value) || undefined;
  });
}

it('the commands of the page run, and print what it shows', { skip }, async (t) => {
  const reader = await newReader(t);
  const said: string[] = [];
  for (const step of stepsOf(PAGE)) {
    if (step.command.includes('--id m2')) {
      said.push('Stop the application with Ctrl-C, and send two more.');
      await reader.sample.printed('received m1');
      await reader.sample.kill();
    }
    if (step.shown?.text.includes('"behind"') === true)
      await until(reader.service, 'testtoken', JSON.parse(step.shown.text) as object);
    await reader.follow(step);
    if (isKill(step)) {
      said.push('Start both again, with the commands above.');
      await reader.startAgain();
      await reader.startSample();
      await reader.sample.printed('received m3');
      assert.deepEqual(reader.sample.lines, ['ready', 'received m2', 'received m3']);
    }
  }
  assert.equal(said.length, 2);
  for (const sentence of said) assert.ok(page(PAGE).includes(sentence), sentence);
  const promised = [...page(PAGE).matchAll(/`(ready|received \w+)`/g)].map(([, line]) => line);
  assert.deepEqual(promised, ['ready', 'received m1', 'received m2', 'received m3']);
});
