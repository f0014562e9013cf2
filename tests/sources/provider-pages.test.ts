// The pages of the providers: their settings start a service, and their commands run against it and print what the pages show.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SCHEMES } from '../../app/model/source.ts';
import { page, tableOf } from '../support/markdown.ts';
import { isStart, settingsIn, stepsOf } from '../support/page-commands.ts';
import { newReader } from '../support/page-reader.ts';
import { skip } from '../support/terminal.ts';

const FOLDER = 'docs/providers';
const INDEX = `${FOLDER}/README.md`;
const PAGES = readdirSync(new URL(`../../${FOLDER}`, import.meta.url))
  .filter((name) => name !== 'README.md')
  .map((name) => `${FOLDER}/${name}`);

describe('the page of a provider', () => {
  for (const path of PAGES)
    it(
      `${path}: its settings start a service, and its commands print what it shows`,
      { skip },
      async (t) => {
        const reader = await newReader(t);
        const steps = stepsOf(path);
        const [first] = steps;
        assert.ok(first && isStart(first));
        assert.ok(steps.some((step) => step.shown !== null));
        for (const step of steps) await reader.follow(step);
        // Whatever a page shows of it: the post was accepted, and is read under the name of its source.
        const [, name = ''] = /^([a-z]+):/.exec(settingsIn(first.command)['SOURCES'] ?? '') ?? [];
        const { data } = (await reader.service.get('/sources')).json() as {
          data: { source: string; deliveries: number; last_failure: unknown }[];
        };
        const source = data.find((entry) => entry.source === name);
        assert.ok((source?.deliveries ?? 0) > 0);
        assert.equal(source?.last_failure, null);
      },
    );

  it('is there for every scheme, and in the list of them', () => {
    const rows = tableOf(page(INDEX), 'provider');
    assert.deepEqual(new Set(rows.map((row) => row['scheme'])), new Set(SCHEMES));
    const linked = rows.map((row) => /\((.+?)(?:#.*)?\)$/.exec(row['page'] ?? '')?.[1]);
    assert.deepEqual(new Set(linked.map((name) => `${FOLDER}/${name}`)), new Set(PAGES));
  });

  it('says what each refusal looks like, by the reasons of the log', () => {
    const reasons = tableOf(page(INDEX), 'reason').map((row) => row['reason'] ?? '');
    for (const path of PAGES)
      for (const [, reason = ''] of page(path).matchAll(/"reason":"(\w+)"/g))
        assert.ok(reasons.includes(reason), `${reason} in ${path}`);
  });
});
