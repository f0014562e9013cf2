// What a reader sees: nothing is cut off or far from what it belongs to, and descriptions are set as they are meant.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DESKTOP, PHONE, openWindow, startBrowser } from '../support/browser.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';

const service = await startService({ after });
const base = `http://127.0.0.1:${service.port}`;
const browser = await startBrowser({ after });
const GAP_PX_MAX = 80;

before(async () => {
  const now = Date.now();
  const times = [now, now - 40 * 86_400_000, Date.UTC(2023, 11, 30, 22, 59, 59)];
  await service.store(...times.map((ts) => message({ ts: new Date(ts).toISOString() })));
});

/** For each row the pixels from the end of its time to its sender, and whether either is cut off. */
const ROWS = `[...document.querySelectorAll('.row, .tail li')].map((row) => {
  const [time, numbers] = [row.querySelector('.row-time'), row.querySelector('.row-numbers')];
  const text = document.createRange();
  text.selectNodeContents(time);
  const gap = numbers.getBoundingClientRect().left - text.getBoundingClientRect().right;
  const cut = [time, numbers].some((part) => part.scrollWidth > part.clientWidth);
  return { gap, cut };
})`;

describe('a row of the list', () => {
  for (const locale of ['en-GB', 'en-US', 'de-DE']) {
    it(`has its time beside its sender, today and long ago, in ${locale}`, async (t) => {
      const { page } = await openWindow(t, browser, `${base}/#/messages`, { locale });
      await page.getByRole('option').nth(2).getByText('+919876543210').waitFor();
      const rows = (await page.evaluate(ROWS)) as { gap: number; cut: boolean }[];
      assert.equal(rows.length, 3);
      for (const { gap, cut } of rows) {
        assert.ok(gap > 0 && gap <= GAP_PX_MAX, `${gap} pixels`);
        assert.equal(cut, false);
      }
    });
  }
});

describe('the first command', () => {
  for (const size of [DESKTOP, PHONE]) {
    it(`is seen to its end, ${size.width} wide`, async (t) => {
      const empty = await startService(t);
      const { page } = await openWindow(t, browser, `http://127.0.0.1:${empty.port}/`, { size });
      await page.getByLabel('Command that sends the first message').waitFor();
      const hidden = await page.evaluate(
        "{ const { scrollWidth, clientWidth } = document.querySelector('.code'); scrollWidth - clientWidth }",
      );
      assert.equal(hidden, 0);
    });
  }
});

describe('the page of the API', () => {
  it('names the method of each operation in its index, and has no raw backtick', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/docs`);
    const contents = page.getByRole('navigation', { name: 'Contents' });
    await contents.getByRole('link', { name: 'POST /webhook', exact: true }).waitFor();
    const names = await contents.getByRole('link').allTextContents();
    assert.equal(names.length, 22);
    for (const name of names)
      assert.match(name, /^(GET|POST) \/[a-z/]+(\{source\}|\{name\}\/[a-z]+)?$/);
    assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /`/);
    await page.locator('code', { hasText: 'x-other-answers' }).waitFor();
  });

  it('says of each field how long it may be, as the rules do', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/docs`);
    const card = page.getByRole('region', { name: 'Store a signed message exactly once' });
    const limits: [field: string, words: string][] = [
      ['X-Signature', 'string, 64 characters'],
      ['message_id', 'string, 1 to 512 characters'],
      ['from', 'string, 2 to 64 characters'],
      ['to', 'string, 2 to 64 characters'],
      ['ts', 'string, 20 to 30 characters'],
      ['text', 'string, at most 4096 characters, or null'],
    ];
    for (const [field, words] of limits) {
      const entry = card
        .locator('.inputs > div')
        .filter({ has: page.locator('dt code', { hasText: new RegExp(`^${field}$`) }) });
      await entry.getByText(words, { exact: true }).waitFor();
    }
  });
});
