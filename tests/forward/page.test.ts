// docs/forwarding.md: its settings start a service, its commands run as they stand there, and what it promises meanwhile happens.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../support/bounded.ts';
import { temporaryDirectory } from '../support/cleanup.ts';
import { page } from '../support/markdown.ts';
import {
  type Step,
  assertShown,
  run,
  settingsOf,
  skip,
  stepsOf,
} from '../support/page-commands.ts';
import { freePort } from '../support/ports.ts';
import { type Service, startService } from '../support/service.ts';
import { RECEIVER, type Sample, startSample } from './sample.ts';

const PAGE = 'docs/forwarding.md';
/** Everything but the start of Oncebox: to be killed is done here. */
const STEPS = stepsOf(PAGE, ({ text }) => text.includes('make run'));
const KILLS = /^pkill -9 -f app\/main\.ts$/m;

/** The steps up to the first for which `is` holds, that one, and those after it. */
function splitAt(steps: readonly Step[], is: RegExp): [Step[], Step, Step[]] {
  const at = steps.findIndex(({ command }) => is.test(command));
  const step = steps[at];
  assert.ok(step, `${PAGE} has no command ${String(is)}`);
  return [steps.slice(0, at), step, steps.slice(at + 1)];
}

/** Waits until the service says of its destination what follows `shown`, so that the commands find it so. */
async function until(service: Service, token: string, shown: object): Promise<void> {
  await eventually(`a destination of which holds ${JSON.stringify(shown)}`, async () => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await service.send({ path: '/forwards', headers });
    const { data } = answer.json() as { data: Record<string, unknown>[] };
    return Object.entries(shown).every(([key, value]) => data[0]?.[key] === value) || undefined;
  });
}

async function runShown(
  t: TestContext,
  steps: readonly Step[],
  service: Service,
  exports: string,
): Promise<void> {
  for (const step of steps) {
    if (step.shown?.text.includes('"behind"') === true)
      await until(service, 'testtoken', JSON.parse(step.shown.text) as object);
    const command = `${exports}\n${step.command}`;
    const [output = ''] = await run(t, [{ ...step, command }], `http://127.0.0.1:${service.port}`);
    if (step.shown !== null) assertShown(output, step.shown);
  }
}

it('the commands of the page run, and print what it shows', { skip }, async (t) => {
  const settings = settingsOf(PAGE);
  const port = await freePort();
  const url = settings['FORWARD_APP_URL'] ?? '';
  const env = { ...settings, FORWARD_APP_URL: url.replace('3000', String(port)) };
  const directory = temporaryDirectory(t);
  const [none, start, afterStart] = splitAt(STEPS, /receiver\.ts/);
  assert.deepEqual(none, []);
  assert.ok(start.command.endsWith(`npx node ${RECEIVER}\n`));
  const [, secret = ''] = /^SECRET=(\S+)/.exec(start.command) ?? [];
  const options = { directory: temporaryDirectory(t), port, secret };
  const [first, , afterFirst] = splitAt(afterStart, /--id m2/);
  const [beforeKill, , afterKill] = splitAt(afterStart, KILLS);
  const [exports = ''] = first[0]?.command.split('\n') ?? [];
  assert.match(exports, /^export /);
  assert.ok(beforeKill.length > first.length && afterFirst.length > afterKill.length);

  let service = await startService(t, { directory, env });
  let sample: Sample = await startSample(t, options);
  await runShown(t, first, service, exports);
  await sample.printed('received m1');

  await sample.kill();
  await runShown(t, beforeKill.slice(first.length), service, exports);
  await service.stop('SIGKILL');

  service = await startService(t, { directory, env });
  sample = await startSample(t, options);
  await sample.printed('received m3');
  assert.deepEqual(sample.lines, ['ready', 'received m2', 'received m3']);
  await runShown(t, afterKill, service, exports);
  const promised = [...page(PAGE).matchAll(/`(ready|received \w+)`/g)].map(([, line]) => line);
  assert.deepEqual(promised, ['ready', 'received m1', 'received m2', 'received m3']);
});
