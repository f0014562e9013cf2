// The dashboard in browsers that report a language, or a time zone, that Intl does not take.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser, Window } from '../support/browser.ts';
import { PATIENCE_MS } from '../support/bounded.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';

const service = await startService({ after });
const base = `http://127.0.0.1:${service.port}`;
/** As on a machine with a POSIX locale and a time zone that it does not know. */
const posix = await startBrowser({ after }, { LC_ALL: 'C', TZ: 'No/Such_Zone' });

before(async () => {
  await service.store(
    message({ from: '+4915112345678', ts: new Date().toISOString(), text: 'of today' }),
    message({ from: '+4915112345678', ts: '2024-02-29T23:59:59.5Z', text: 'of a leap day' }),
  );
});

/** Opens every view and checks that it shows what it should, without an error. `script` runs before the page. */
async function everyViewWorks(browser: Browser, script: string): Promise<Window> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(script);
  const window = new Window(await context.newPage());
  const { page } = window;
  await page.goto(`${base}/#/?range=all`);
  await page.getByRole('img', { name: /2 messages/ }).waitFor();
  await page.getByText('+4915112345678').first().waitFor();
  await page.goto(`${base}/#/messages`);
  await page.getByText('2 messages').waitFor();
  await page.getByRole('option').getByText('of a leap day').click();
  await page.getByRole('region', { name: 'Text' }).getByText('of a leap day').waitFor();
  await page.goto(`${base}/#/live`);
  await page.getByText('Live', { exact: true }).nth(1).waitFor();
  await page.goto(`${base}/docs`);
  await page.getByText('Try it').first().waitFor();
  assert.deepEqual(window.complaints, []);
  return window;
}

describe('every view works', () => {
  it('in Chromium on a machine with a POSIX locale and an unknown time zone', async () => {
    const { page } = await everyViewWorks(posix, '');
    const reported = await page.evaluate(
      '[navigator.languages[0], new Intl.DateTimeFormat().resolvedOptions().timeZone]',
    );
    assert.deepEqual(reported, ['en-US@posix', 'Etc/Unknown']);
    await page.context().close();
  });

  const cases: [name: string, language: string, languages: string][] = [
    ['no valid tag first, a valid one later', "'x_y'", "['x_y', '!', 'de-DE']"],
    [
      'several tags, none of them valid',
      "'en-US@posix'",
      "['en-US@posix', 'C', '', 'de_DE.UTF-8']",
    ],
    ['an empty tag and an empty list', "''", '[]'],
    ['no language and no list', 'undefined', 'undefined'],
    ['null', 'null', 'null'],
    ['a valid tag that Intl knows nothing of', "'tlh-Latn-x-kahless'", "['tlh-Latn-x-kahless']"],
  ];
  for (const [name, language, languages] of cases) {
    it(`where the browser reports ${name}`, async () => {
      const { page } = await everyViewWorks(
        posix,
        `for (const [name, value] of Object.entries({ language: ${language}, languages: ${languages} }))
           Object.defineProperty(Navigator.prototype, name, { get: () => value });`,
      );
      await page.context().close();
    });
  }
});
