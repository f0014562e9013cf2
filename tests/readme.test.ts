// Every command of the README and of the API page is run as it stands there, against a real service.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { page } from './support/markdown.ts';
import { assertShown, run, skip, stepsOf } from './support/page-commands.ts';
import { startService } from './support/service.ts';

const PAGES = ['README.md', 'docs/reference/api.md'];

describe('the commands of', () => {
  for (const path of PAGES)
    it(`${path} run, and print what it shows`, { skip }, async (t) => {
      const service = await startService(t, { env: { WEBHOOK_SECRET: 'testsecret' } });
      const steps = stepsOf(path);
      const outputs = await run(t, steps, `http://127.0.0.1:${service.port}`);
      assert.equal(outputs.length, steps.length);
      const shown = steps.map((step, at) => ({ ...step, output: outputs[at] ?? '' }));
      assert.ok(shown.filter((step) => step.shown !== null).length >= 3);
      for (const step of shown) if (step.shown !== null) assertShown(step.output, step.shown);
    });

  it('make in README.md are targets of the Makefile', () => {
    const named = [...page('README.md').matchAll(/(?<![\w-])make ([a-z]+)/g)].map(
      ([, name]) => name,
    );
    const targets = [...page('Makefile').matchAll(/^([a-z]+):/gm)].map(([, name]) => name);
    for (const name of ['run', 'up', 'down', 'logs', 'test']) assert.ok(named.includes(name), name);
    // "npm and make." and the like are no commands.
    assert.deepEqual(
      named.filter((name) => !targets.includes(name)),
      [],
    );
  });
});
