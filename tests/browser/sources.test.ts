// The sources in the dashboard: their condition, what to enter at the provider, and how the first one is connected.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { SHAPES, openWindow, startBrowser } from '../support/browser.ts';
import { message } from '../support/message.ts';
import { startPrefixProxy } from '../support/prefix-proxy.ts';
import { startService } from '../support/service.ts';
import { fill, received, SOURCES, stripe, whatsapp } from './inbox.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const service = await startService({ after }, { env: SOURCES });
const base = `http://127.0.0.1:${service.port}`;
const browser = await startBrowser({ after });

before(() => fill(service, new Date()));

/** The card of a source. */
const card = (page: Page, name: string) =>
  page.getByRole('region', { name: new RegExp(`^${name} `) });

describe('the sources', () => {
  it('are each shown in their condition, with what came and why the last post was refused', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/sources`);
    const { page } = window;
    const whatsappCard = card(page, 'whatsapp');
    await whatsappCard.getByText('Refusing').waitFor();
    await whatsappCard.getByText('mismatch').waitFor();
    await whatsappCard.getByText(/not valid with this secret/).waitFor();
    await whatsappCard.getByText(/Accepted, and not used/).waitFor();
    await card(page, 'billing').getByText('Receiving').waitFor();
    await card(page, 'billing').getByText('2 events').waitFor();
    await card(page, 'code').getByText('Silent').waitFor();
    await card(page, 'code').getByText('none yet').waitFor();
    await whatsappCard.getByRole('link', { name: '2 messages' }).click();
    await page.getByText('2 matching').waitFor();
    assert.equal(await page.getByLabel('Source').inputValue(), 'whatsapp');
    window.quiet(base);
  });

  it('tell of a change without being loaded again', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${own.port}/#/sources`);
    await card(page, 'whatsapp').getByText('Silent').waitFor();
    await whatsapp(own, { messages: [] }, { secret: 'app-secret-before-that' });
    await card(page, 'whatsapp').getByText('Receiving').waitFor();
    await card(page, 'whatsapp')
      .getByText(/Still in use/)
      .waitFor();
    await whatsapp(own, { messages: [] }, { secret: 'neither' });
    await card(page, 'whatsapp').getByText('Refusing').waitFor();
    await whatsapp(own, { messages: [received('wamid.A', new Date(), 'hi')] });
    await card(page, 'whatsapp').getByText('Receiving').waitFor();
  });

  it('give the URL to the clipboard, with the prefix of the service', async (t) => {
    const env = { ...SOURCES, BASE_PATH: '/inbox' };
    const own = await startService(t, { env });
    const proxy = await startPrefixProxy(t, own.port, '/inbox', true);
    const { page } = await openWindow(t, browser, `${proxy.url}/#/sources`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const whatsappCard = card(page, 'whatsapp');
    const copied = (): Promise<unknown> => page.evaluate('navigator.clipboard.readText()');
    await whatsappCard.getByRole('button', { name: 'Copy the URL of whatsapp' }).click();
    await whatsappCard.getByText('Copied').waitFor();
    assert.equal(await copied(), `${proxy.url}/webhook/whatsapp`);
    await whatsappCard.getByRole('button', { name: 'Copy the name of the setting' }).click();
    await whatsappCard.getByText('Copied').nth(1).waitFor();
    assert.equal(await copied(), 'SOURCE_WHATSAPP_VERIFY_TOKEN');
    await page
      .getByText(/Providers need one that is public/)
      .first()
      .waitFor();
    assert.deepEqual(proxy.strays, []);
  });

  it('that are no longer configured are shown as long as something of them is stored', async (t) => {
    const first = await startService(t, { env: SOURCES });
    await stripe(first, '{"id":"evt_1","type":"charge.succeeded","created":1769990000}');
    await first.stop();
    const { directory } = first;
    const own = await startService(t, { directory, env: { SOURCES: undefined } });
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${own.port}/#/sources`);
    await card(page, 'billing').getByText('Not configured').waitFor();
    await card(page, 'billing').getByText('1 event', { exact: true }).waitFor();
  });
});

describe('the first run', () => {
  it('shows for each provider the settings to paste, and names a page that is there', async (t) => {
    const empty = await startService(t);
    const window = await openWindow(t, browser, `http://127.0.0.1:${empty.port}/`);
    const { page } = window;
    const providers = page.getByRole('group', { name: 'Provider' }).getByRole('button');
    await providers.first().waitFor();
    const names = await providers.allTextContents();
    assert.equal(names.length, 8);
    for (const name of names) {
      await page.getByRole('button', { name, exact: true }).click();
      const settings = page.getByRole('region', { name: `Settings for ${name}` });
      const text = (await settings.textContent()) ?? '';
      const [, source = ''] = /^SOURCES=([a-z]+):[a-z]+$/m.exec(text) ?? [];
      assert.match(text, new RegExp(`^SOURCE_${source.toUpperCase()}_SECRET=`, 'm'));
      await page.getByText(`/webhook/${source}`).first().waitFor();
      const told = page.getByRole('region', { name: 'Connect a provider' }).locator('p code');
      assert.ok(existsSync(`${ROOT}${await told.textContent()}`), name);
    }
    window.quiet(`http://127.0.0.1:${empty.port}`);
  });

  for (const shape of SHAPES)
    it(`has no violation that axe knows of, ${shape.colorScheme}, ${shape.size.width} wide`, async (t) => {
      const own = await startService(t, { env: SOURCES });
      const window = await openWindow(t, browser, `http://127.0.0.1:${own.port}/`, shape);
      await window.page.getByRole('region', { name: 'Sources that are configured' }).waitFor();
      await window.accessible('first run');
      await window.fits('first run');
    });

  it('keeps the sources that are configured in the settings, and shows how they fare', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${own.port}/`);
    const configured = page.getByRole('region', { name: 'Sources that are configured' });
    await configured.getByText('Silent').nth(3).waitFor();
    const settings = page.getByRole('region', { name: 'Settings for WhatsApp' });
    assert.match(
      (await settings.textContent()) ?? '',
      /^SOURCES=whatsapp:meta,sms:twilio,billing:stripe,code:github,whatsapp-2:meta\nSOURCE_WHATSAPP_2_SECRET=/,
    );
    await own.store(message({ from: '+4915112345678' }));
    await page.getByText('+4915112345678').waitFor();
  });

  it('is over where there are events alone', async (t) => {
    const own = await startService(t, { env: SOURCES });
    await stripe(own, '{"id":"evt_1","type":"charge.succeeded","created":1769990000}');
    const window = await openWindow(t, browser, `http://127.0.0.1:${own.port}/`);
    await window.page.getByRole('link', { name: 'and 1 event', exact: true }).waitFor();
    await window.page.getByText('Ready').waitFor();
    await window.accessible('an overview of events alone');
    await window.page.goto(`http://127.0.0.1:${own.port}/#/messages`);
    await window.page.getByText('There are no messages yet.').waitFor();
  });
});
