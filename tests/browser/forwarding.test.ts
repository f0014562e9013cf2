// Forwarding in the dashboard: destinations in each state, their dead letters, a replay, and what became of an item.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../support/bounded.ts';
import { SHAPES, openWindow, startBrowser } from '../support/browser.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import {
  acceptedAfter,
  fillAndForward,
  refusedIds,
  settingsOf,
  startApplications,
} from './destinations.ts';

const TOKEN = 'the-token-of-this-test';
const [FIRST = '', SECOND = '', THIRD = ''] = refusedIds;
const applications = await startApplications({ after }, 'app', 'crm', 'billing', 'audit', 'legacy');
const former = await startApplications({ after }, 'former');
/** It knew a destination that it has no more. */
const earlier = await startService({ after }, { env: settingsOf(former) });
await earlier.stop();
const service = await startService(
  { after },
  {
    directory: earlier.directory,
    env: settingsOf(applications),
  },
);
const base = `http://127.0.0.1:${service.port}`;
const browser = await startBrowser({ after });

before(() => fillAndForward(service));

/** The card of a destination. */
const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

describe('every view of forwarding', () => {
  for (const shape of SHAPES)
    it(`has no violation that axe knows of, ${shape.colorScheme}, ${shape.size.width} wide`, async (t) => {
      const window = await openWindow(t, browser, `${base}/#/forwarding`, shape);
      const { page } = window;
      await page.getByText('Disabled').waitFor();
      await window.accessible('destinations');
      await window.fits('destinations');
      await page.goto(`${base}/#/forwarding?name=crm`);
      await page.getByRole('checkbox').nth(50).waitFor();
      await window.accessible('dead letters');
      await window.fits('dead letters');
      await page.getByRole('button', { name: 'Discard all' }).click();
      await page.getByRole('dialog', { name: 'Discard all?' }).waitFor();
      await window.accessible('the confirmation');
      await window.fits('the confirmation');
      await page.goto(`${base}/#/message?id=${FIRST}`);
      await page.getByText('Given up: a dead letter').waitFor();
      await window.accessible('a message');
      await window.fits('a message');
      window.quiet(base);
    });
});

describe('the destinations', () => {
  it('are each shown in their state, with the reason, what is unfinished and the last error', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/forwarding`);
    await card(page, 'app').getByText('Running').waitFor();
    await card(page, 'app')
      .getByText(`${2 * refusedIds.length} delivered`)
      .waitFor();
    await card(page, 'app').getByText('0 behind').waitFor();
    await card(page, 'app').getByText(`http://127.0.0.1:${applications.app?.port}/in`).waitFor();
    await card(page, 'app').getByText('One request for each item, in order').waitFor();
    await card(page, 'crm').getByText('60 dead letters').waitFor();
    await card(page, 'crm').getByText('answered 422').waitFor();
    await card(page, 'billing').getByText('1 retrying').waitFor();
    await card(page, 'billing').getByText('59 waiting').waitFor();
    await card(page, 'audit').getByText('Slowed').waitFor();
    await card(page, 'audit').getByText('Attempts fail: answered 503.').waitFor();
    await card(page, 'legacy').getByText('Disabled').waitFor();
    await card(page, 'legacy').getByText('Nothing is sent, as it answered 410').waitFor();
    await card(page, 'former').getByText('Not configured', { exact: true }).waitFor();
  });

  it('tell of a change without being loaded again', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/forwarding`);
    const shown = await card(page, 'app')
      .getByText(/ delivered$/)
      .textContent();
    const delivered = Number.parseInt(shown ?? '', 10);
    await service.store(message());
    await card(page, 'app')
      .getByText(`${delivered + 1} delivered`)
      .waitFor();
  });

  it('have dead letters in pages, which lead to the items', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/forwarding`);
    const { page } = window;
    await page.getByRole('link', { name: '60 dead letters' }).click();
    const list = page.getByRole('list', { name: 'Dead letters' });
    await page.getByRole('heading', { name: 'Forwarding to crm' }).waitFor();
    await page.locator('#main:focus').waitFor();
    await list.getByRole('listitem').nth(49).waitFor();
    await page.getByRole('link', { name: 'Next' }).click();
    await list.getByText('refused-59').waitFor();
    assert.equal(await list.getByRole('listitem').count(), 10);
    assert.equal(await page.getByRole('link', { name: 'Next' }).count(), 0);
    await page.getByRole('link', { name: 'First page' }).click();
    await list.getByRole('link', { name: FIRST }).click();
    await page.getByRole('heading', { name: 'Message', exact: true, level: 2 }).waitFor();
    window.quiet(base);
  });

  it('say in words why nothing can be retried, discarded or replayed without API_TOKEN', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/forwarding?name=crm`);
    const dead = page.getByRole('region', { name: 'Dead letters' });
    await dead.getByRole('button', { name: 'Retry all' }).click();
    await dead.getByText(/only where API_TOKEN is set/).waitFor();
    const replay = page.getByRole('form', { name: 'Replay' });
    await replay.getByRole('button', { name: 'By number' }).click();
    await replay.getByLabel('From').fill('1');
    await replay.getByRole('button', { name: 'Replay' }).click();
    await replay.getByText(/only where API_TOKEN is set/).waitFor();
    await page.reload();
    await page.getByText('60 dead letters').waitFor();
  });

  it('that are not there are said not to be', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/forwarding?name=nobody`);
    await page.getByText('No destination has this name').waitFor();
    await page.getByRole('link', { name: 'All destinations' }).click();
    await card(page, 'app').waitFor();
  });
});

describe('an item', () => {
  it('shows what became of it at each destination', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/message?id=${FIRST}`);
    const forwarding = page.getByRole('region', { name: 'Forwarding' });
    const at = (name: string) =>
      forwarding.getByRole('listitem').filter({ has: page.getByRole('link', { name }) });
    await at('app').getByText('Delivered').waitFor();
    await at('crm').getByText('Given up').waitFor();
    await at('crm').getByText('1 attempt, first').waitFor();
    await at('crm').getByText('answered 422').waitFor();
    await at('billing').getByText('will be retried').waitFor();
    await at('billing').getByText(', next ').waitFor();
    await page.goto(`${base}/#/message?id=${SECOND}`);
    await at('billing').getByText('Waits behind').waitFor();
    await at('crm').getByRole('link').click();
    await page.getByRole('heading', { name: 'Forwarding to crm' }).waitFor();
  });
});

describe('with the token', () => {
  it('dead letters are retried and discarded, and what is stored is replayed', async (t) => {
    const own = await startApplications(t, 'crm');
    const { crm } = own;
    assert.ok(crm);
    const env = { ...settingsOf(own), API_TOKEN: TOKEN };
    const guarded = await startService(t, { env });
    await fillAndForward(guarded, TOKEN);
    const url = `http://127.0.0.1:${guarded.port}`;
    const window = await openWindow(t, browser, `${url}/#/forwarding?name=crm`);
    const { page } = window;
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Continue' }).click();
    const dead = page.getByRole('region', { name: 'Dead letters' });

    // Some are discarded, with the keyboard, once that is confirmed.
    await dead.getByLabel(`Choose ${FIRST}`).press('Space');
    await dead.getByLabel(`Choose ${SECOND}`).press('Space');
    const discard = dead.getByRole('button', { name: 'Discard 2 chosen' });
    await discard.press('Enter');
    await page.getByText('2 items will not be forwarded to crm').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Discard 2 chosen');
    assert.equal(await dead.getByText(FIRST).count(), 1);
    await discard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Discard 2 chosen' }).click();
    await dead.getByText('2 items will not be forwarded.').waitFor();
    await dead.getByText(SECOND).waitFor({ state: 'detached' });
    await card(page, 'crm').getByText('58 dead letters').waitFor();

    // One is retried, then all.
    crm.answer = () => 200;
    await dead.getByLabel(`Choose ${THIRD}`).check();
    await dead.getByRole('button', { name: 'Retry 1 chosen' }).click();
    await dead.getByText('1 item will be attempted again.').waitFor();
    await eventually('a retry', () => crm.taken.includes(THIRD) || undefined);
    await dead.getByRole('button', { name: 'Retry all' }).click();
    await dead.getByText('57 items will be attempted again.').waitFor();
    await dead.getByText('There are none.').waitFor();
    await eventually('the retries', () => crm.taken.length === 118 || undefined);
    assert.deepEqual(
      crm.taken.toSorted(),
      [...refusedIds.map(acceptedAfter), ...refusedIds.slice(2)].toSorted(),
    );

    // What was discarded is sent after all, by a replay.
    const replay = page.getByRole('form', { name: 'Replay' });
    await replay.getByRole('button', { name: 'By number' }).click();
    await replay.getByLabel('From').fill('1');
    await replay.getByLabel('To (optional)').fill('3');
    await replay.getByRole('button', { name: 'Replay' }).click();
    await replay.getByText('3 items will be sent again.').waitFor();
    await eventually('the replay', () => crm.taken.length === 121 || undefined);
    assert.deepEqual(
      crm.taken.slice(118).toSorted(),
      [acceptedAfter(FIRST), FIRST, SECOND].toSorted(),
    );
    await replay.getByRole('button', { name: 'By time' }).click();
    await replay.getByLabel('From').fill('2020-01-01T00:00:00');
    await replay.getByRole('button', { name: 'Replay' }).click();
    await replay.getByText('120 items will be sent again.').waitFor();
    await eventually('the replay of all', () => crm.taken.length === 241 || undefined);
    assert.ok(window.requested.every((asked) => !asked.includes(TOKEN)));
  });
});
