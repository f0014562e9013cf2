// The list of messages where it is higher than a browser can scroll: dragged, wheeled, walked with keys, and added to.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../support/bounded.ts';
import { openWindow, startBrowser } from '../support/browser.ts';
import { execute } from '../support/database.ts';
import { message } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';

const ROWS = 250_000;
const ROW_PX = 48;
const START_SECONDS = Date.UTC(2025, 0, 1) / 1_000;

/** Each message bears its place, counted from the oldest. */
const FILL = `
  INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
  SELECT 'm' || value, '+919876543210', '+14155550100', strftime('%Y-%m-%dT%H:%M:%SZ', ${START_SECONDS} + value, 'unixepoch'),
    'n' || value, '2026-01-01T00:00:00.000Z', value + 1, ${START_SECONDS} + value, 0
  FROM (WITH RECURSIVE places (value) AS (VALUES (0) UNION ALL SELECT value + 1 FROM places WHERE value < ${ROWS - 1})
    SELECT value FROM places);
  UPDATE counters SET value = ${ROWS} WHERE name IN ('last_seq', 'messages');`;

/** A service with all of them, once its index lists them. */
async function startFilled(): Promise<Service> {
  const empty = await startService({ after });
  await empty.stop();
  execute(empty.databasePath, FILL);
  const filled = await startService({ after }, { directory: empty.directory });
  await eventually('the index', async () =>
    (await filled.get('/messages?limit=1')).status === 200 ? true : undefined,
  );
  return filled;
}

const service = await startFilled();
const browser = await startBrowser({ after });

/** The rows that are wholly in sight: their places from the newest, and their texts; null while one is on its way. */
async function inSight(page: Page): Promise<{ place: number; text: string }[] | null> {
  const rows = (await page.evaluate(`(() => {
    const box = document.querySelector('.list').getBoundingClientRect();
    return [...document.querySelectorAll('.row')]
      .map((row) => ({ row, at: row.getBoundingClientRect() }))
      .filter(({ at }) => at.top >= box.top - 1 && at.bottom <= box.bottom + 1)
      .map(({ row }) => ({ place: Number(row.ariaPosInSet), text: row.querySelector('.row-text').textContent }));
  })()`)) as { place: number; text: string }[];
  return rows.length > 0 && rows.every(({ text }) => /^n[0-9]+$/.test(text)) ? rows : null;
}

/** Waits for rows, checks that each is the one of its place, without gaps, and returns the place of the first. */
async function settled(page: Page, shift = 0): Promise<number> {
  const rows = await eventually('rows', async () => (await inSight(page)) ?? undefined);
  const first = rows[0]?.place ?? 0;
  assert.deepEqual(
    rows,
    rows.map((_, index) => ({ place: first + index, text: `n${ROWS - first - index + shift}` })),
  );
  return first;
}

const scrollTo = (page: Page, share: number): Promise<unknown> =>
  page.evaluate(
    `{ const list = document.querySelector('.list'); list.scrollTop = ${share} * (list.scrollHeight - list.clientHeight) }`,
  );

describe('a list of a quarter of a million', () => {
  it('is dragged to any place, asking only for where it stops', async (t) => {
    const window = await openWindow(t, browser, `http://127.0.0.1:${service.port}/#/messages`);
    const { page } = window;
    await page.getByText('250,000 messages').waitFor();
    assert.equal(await settled(page), 1);
    const before = window.requested.length;
    for (let share = 0; share <= 0.5; share += 0.02) await scrollTo(page, share);
    await scrollTo(page, 0.5);
    const middle = await eventually('the middle', async () => {
      const first = await settled(page);
      return Math.abs(first - ROWS / 2) < 20 ? first : undefined;
    });
    assert.ok(Math.abs(middle - ROWS / 2) < 20);
    assert.ok(window.requested.length - before < 12, `${window.requested.length - before}`);
    await scrollTo(page, 1);
    await page.getByText('n0', { exact: true }).waitFor();
    assert.equal((await inSight(page))?.at(-1)?.place, ROWS);
    assert.deepEqual(window.complaints, []);
  });

  it('is moved by the wheel by as much as it is turned, in the middle and at the ends', async (t) => {
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${service.port}/#/messages`);
    await page.getByText('250,000 messages').waitFor();
    await page.mouse.move(600, 500);
    for (const share of [0, 0.3, 0.999_9, 1]) {
      await scrollTo(page, share);
      const start = await settled(page);
      const down = share < 0.9 ? 1 : -1;
      for (let turn = 1; turn <= 10; turn += 1) {
        await page.mouse.wheel(0, down * 5 * ROW_PX);
        await eventually('the movement', async () => {
          const first = await settled(page);
          return Math.abs(first - start - down * 5 * turn) <= 1 ? true : undefined;
        });
      }
    }
  });

  it('is walked by screens and rows with the keyboard, and each row says its place', async (t) => {
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${service.port}/#/messages`);
    await settled(page);
    await page.getByRole('listbox').focus();
    const active = async (): Promise<number> => {
      const id = (await page.getByRole('listbox').getAttribute('aria-activedescendant')) ?? '';
      const row = page.locator(`#${id}`);
      assert.equal(await row.getAttribute('aria-setsize'), String(ROWS));
      return Number(await row.getAttribute('aria-posinset'));
    };
    await page.keyboard.press('End');
    assert.equal(await active(), ROWS);
    await page.getByText('n0', { exact: true }).waitFor();
    for (let press = 0; press < 30; press += 1) await page.keyboard.press('PageUp');
    const up = await active();
    assert.ok(up < ROWS - 250, String(up));
    await page.keyboard.press('ArrowUp');
    assert.equal(await active(), up - 1);
    await page.getByText(`n${ROWS - up + 1}`, { exact: true }).waitFor();
    await settled(page);
    await page.keyboard.press('Home');
    assert.equal(await active(), 1);
    assert.equal(await settled(page), 1);
  });

  it('stays where it is when messages arrive, and says how many', async (t) => {
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${service.port}/#/messages`);
    await settled(page);
    await scrollTo(page, 0.4);
    const place = await settled(page);
    await service.store(message({ text: 'newest', ts: '2026-01-01T00:00:00Z' }));
    await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
    assert.equal(await settled(page), place);
    await page.mouse.move(600, 500);
    await page.mouse.wheel(0, 40 * ROW_PX);
    await eventually('the movement', async () =>
      Math.abs((await settled(page)) - place - 40) <= 1 ? true : undefined,
    );
    await page.getByRole('button', { name: 'Show 1 new' }).click();
    await page.getByText('newest', { exact: true }).waitFor();
    await page.getByText('250,001 messages').waitFor();
  });
});
