// Events and messages in full in the dashboard: filters, pages, payloads as they were written, statuses, conflicts, deliveries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { SHAPES, openWindow, startBrowser } from '../support/browser.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';
import { fill, SOURCES, stripe, whatsapp } from './inbox.ts';

const HOSTILE = '<img src=x onerror=document.title=1>';
const service = await startService({ after }, { env: SOURCES });
const base = `http://127.0.0.1:${service.port}`;
const browser = await startBrowser({ after });

before(async () => {
  await fill(service, new Date());
  await service.store(message({ message_id: 'said-twice', text: 'the first words' }));
  await service.store(message({ message_id: 'said-twice', text: 'other words' }));
});

describe('what comes from sources', () => {
  const states = [
    { view: 'sources', heading: 'Connect a provider' },
    { view: 'events?type=status', heading: null },
    { view: 'events?type=nothing', heading: null },
    { view: 'events?id=billing%3Aevt_TEST0001', heading: 'Event' },
    { view: 'events?id=gone', heading: 'Event' },
    { view: 'messages?source=sms&order=asc', heading: null },
    { view: 'message?id=whatsapp%3Awamid.TEST0001', heading: 'Other content under this id' },
    { view: 'message?id=sms%3ASM00000000000000000000000000000001', heading: 'Statuses' },
    { view: 'message?id=gone', heading: 'No message has this id' },
  ];
  for (const shape of SHAPES) {
    it(`has no violation that axe knows of, ${shape.colorScheme}, ${shape.size.width} wide`, async (t) => {
      const window = await openWindow(t, browser, `${base}/#/sources`, shape);
      const { page } = window;
      for (const { view, heading } of states) {
        await page.goto(`${base}/#/${view}`);
        if (heading === null) await page.getByRole('status').first().waitFor();
        else await page.getByRole('heading', { name: heading, exact: true }).waitFor();
        await window.accessible(view);
        await window.fits(view);
      }
    });
  }
});

describe('the events', () => {
  it('are filtered by source, type and what they are about, which the address keeps', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/events`);
    const { page } = window;
    await page.getByText('10 on this page, newest first').waitFor();
    await page.getByLabel('Source').selectOption('whatsapp');
    await page.getByText('5 on this page').waitFor();
    await page.getByLabel('Type').fill('status');
    await page.getByText('3 on this page').waitFor();
    await page.getByLabel('About (id)').fill('whatsapp:wamid.OUT0002');
    await page.getByText('No event matches.').waitFor();
    await page.getByLabel('About (id)').fill('whatsapp:wamid.OUT0001');
    await page.getByText('3 on this page').waitFor();
    await page.reload();
    await page.getByText('3 on this page').waitFor();
    assert.equal(await page.getByLabel('Type').inputValue(), 'status');
    await page.getByLabel('Until').fill('2020-01-01T00:00:00');
    await page.getByText('No event matches.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('10 on this page').waitFor();
    window.quiet(base);
  });

  it('go on in pages, in either order', async (t) => {
    const own = await startService(t, { env: SOURCES });
    for (let index = 0; index < 120; index += 1)
      await stripe(
        own,
        `{"id":"evt_${index}","type":"t${index}","created":${1_769_990_000 + index}}`,
      );
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${own.port}/#/events`);
    const list = page.getByRole('list', { name: 'Events' });
    const shown = async (first: string, last: string): Promise<void> => {
      await list.getByText(first, { exact: true }).waitFor();
      await list.getByText(last, { exact: true }).waitFor();
    };
    const pages = page.getByRole('navigation', { name: 'Pages' });
    await shown('t119', 't70');
    await pages.getByRole('link', { name: 'Next' }).click();
    await shown('t69', 't20');
    await pages.getByRole('link', { name: 'Next' }).click();
    await shown('t19', 't0');
    assert.equal(await pages.getByRole('link', { name: 'Next' }).count(), 0);
    await page.goBack();
    await shown('t69', 't20');
    await pages.getByRole('link', { name: 'Previous' }).click();
    await shown('t119', 't70');
    await page.getByRole('button', { name: 'Show oldest first' }).click();
    await shown('t0', 't49');
    await pages.getByRole('link', { name: 'Next' }).click();
    await shown('t50', 't99');
    await pages.getByRole('link', { name: 'First page' }).click();
    await shown('t0', 't49');
  });

  it('are opened with the keyboard, and closed to where the focus was', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/events?source=billing`);
    const link = page.getByRole('link', { name: /payment_intent\.succeeded/ });
    await link.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Event', exact: true }).waitFor();
    await page.locator('#detail:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Event', exact: true }).waitFor({ state: 'detached' });
    assert.match(String(await page.evaluate('document.activeElement.textContent')), /succeeded/);
  });

  it('show the payload with its numbers as they are, and give the delivery byte for byte', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/events?id=billing%3Aevt_TEST0001`);
    const payload = page.getByRole('region', { name: 'Payload of the provider' });
    await payload.getByText('"amount": 12345678901234567890,').waitFor();
    await payload.getByText('"rate": 1.10,').waitFor();
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the delivery' }).click();
    const body = readFileSync(await (await waiting).path(), 'utf8');
    assert.match(
      body,
      /^\{"id":"evt_TEST0001","object":"event".*"rate":1\.10,"currency":"eur"\}\}\}$/,
    );
  });

  it('have hostile texts as text', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const url = `http://127.0.0.1:${own.port}`;
    const event = { id: HOSTILE, type: HOSTILE, created: 1_769_990_000, [HOSTILE]: HOSTILE };
    await stripe(own, JSON.stringify(event));
    const window = await openWindow(t, browser, `${url}/#/events`);
    const { page } = window;
    await page.getByRole('link', { name: HOSTILE }).click();
    await page
      .getByRole('region', { name: 'Payload of the provider' })
      .getByText(HOSTILE)
      .waitFor();
    assert.equal(await page.title(), 'Events · Oncebox');
    window.quiet(url);
  });

  it('arrive while they are looked at', async (t) => {
    const own = await startService(t, { env: SOURCES });
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${own.port}/#/events`);
    await page.getByText('No events yet.').waitFor();
    await stripe(own, '{"id":"evt_1","type":"charge.succeeded","created":1769990000}');
    await page.getByText('charge.succeeded').waitFor();
  });

  it('are shown, and their deliveries loaded, with the token that the service asks for', async (t) => {
    const env = { ...SOURCES, API_TOKEN: 'the-token-of-this-test' };
    const own = await startService(t, { env });
    await stripe(own, '{"id":"evt_1","type":"charge.succeeded","created":1769990000}');
    const url = `http://127.0.0.1:${own.port}/#/events?id=billing%3Aevt_1`;
    const window = await openWindow(t, browser, url);
    const { page } = window;
    await page.getByLabel('Token').fill('the-token-of-this-test');
    await page.getByRole('button', { name: 'Continue' }).click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the delivery' }).click();
    assert.match(readFileSync(await (await waiting).path(), 'utf8'), /^\{"id":"evt_1"/);
    assert.ok(window.requested.every((asked) => !asked.includes('the-token')));
  });
});

describe('a message', () => {
  it('has a page of its own, with its statuses in the order of their time', async (t) => {
    const status = (name: string, timestamp: number) => ({
      statuses: [{ id: 'wamid.TEST0002', status: name, timestamp: String(timestamp) }],
    });
    await whatsapp(service, status('read', 1_769_990_030));
    await whatsapp(service, status('sent', 1_769_990_010));
    await whatsapp(service, status('delivered', 1_769_990_020));
    const { page } = await openWindow(t, browser, `${base}/#/messages?source=whatsapp`);
    await page.getByRole('listbox').getByText('The receipt').click();
    await page.getByRole('heading', { name: 'Statuses' }).waitFor();
    await page.getByRole('link', { name: 'Open as a page' }).click();
    await page.getByRole('link', { name: 'All messages' }).waitFor();
    assert.match(page.url(), /#\/message\?id=whatsapp%3Awamid\.TEST0002$/);
    const steps = page.getByRole('region', { name: 'Statuses' }).getByRole('listitem');
    assert.deepEqual(
      (await steps.allTextContents()).map((text) => /^[a-z]+/.exec(text)?.[0]),
      ['sent', 'delivered', 'read'],
    );
    await page.getByText('whatsapp, image').waitFor();
    await page
      .getByRole('region', { name: 'Payload of the provider' })
      .getByText('"dGVzdA=="')
      .waitFor();
  });

  it('shows what differs in other content under its id, of a source and of the default one', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/message?id=whatsapp%3Awamid.TEST0001`);
    const { page } = window;
    const conflicts = page.getByRole('region', { name: 'Other content under this id' });
    await conflicts.getByText('text.body').waitFor();
    await conflicts.getByText('"Olá! Quero cancelar."').waitFor();
    await page.goto(`${base}/#/message?id=said-twice`);
    await conflicts.getByText('"the first words"').waitFor();
    await conflicts.getByText('"other words"').waitFor();
    assert.equal(await conflicts.locator('dt').count(), 1);
    await page.getByRole('button', { name: 'Copy as curl' }).waitFor();
  });

  it('that is not stored leads to the events about it', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/message?id=whatsapp%3Awamid.OUT0001`);
    await page.getByRole('link', { name: 'the events about it' }).click();
    await page.getByText('3 on this page').waitFor();
  });
});

describe('the list of messages', () => {
  it('is of one source, and turned around', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/messages`);
    await page.getByText('4 messages, newest first').waitFor();
    await page.getByRole('button', { name: 'Show oldest first' }).click();
    await page.getByText('4 messages, oldest first').waitFor();
    await page
      .getByRole('listbox')
      .getByRole('option')
      .first()
      .getByText('the first words')
      .waitFor();
    await page.getByLabel('Source').selectOption('sms');
    await page.getByText('1 matching, oldest first').waitFor();
    await page.getByRole('listbox').getByText('Running late').waitFor();
    assert.match(page.url(), /source=sms&order=asc$/);
  });
});
