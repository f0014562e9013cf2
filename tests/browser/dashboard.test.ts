// The dashboard in a real browser, on messages that came through the webhook.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SHAPES, openWindow, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/bounded.ts';
import { message, SECRET } from '../support/message.ts';
import { startService } from '../support/service.ts';

const HOSTILE =
  '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
const FIRST_LOAD_BYTES_MAX = 100_000;
const service = await startService({ after });
const base = `http://127.0.0.1:${service.port}`;
const browser = await startBrowser({ after });

before(async () => {
  const start = Date.now() - 3_600_000;
  const drafts = Array.from({ length: 250 }, (_, index) =>
    message({
      message_id: `m${index}`,
      from: `+91987654321${index % 4}`,
      ts: new Date(start + index * 1_000).toISOString(),
      text:
        index === 249 ? HOSTILE : index % 50 === 0 ? `Où est le COLIS ${index} ?` : `text ${index}`,
    }),
  );
  await Promise.all(drafts.map((draft) => service.store(draft)));
});

describe('every view', () => {
  for (const shape of SHAPES) {
    const name = `${shape.colorScheme}, ${shape.size.width} wide`;
    it(`has no violation that axe knows of, ${name}`, async (t) => {
      const window = await openWindow(t, browser, `${base}/#/`, shape);
      const { page } = window;
      await page.getByText('+919876543210').first().waitFor();
      await window.accessible('overview');
      for (const view of ['messages', 'forwarding', 'live', 'send', 'nowhere']) {
        await page.goto(`${base}/#/${view}`);
        if (view === 'messages') {
          await page.getByRole('option').nth(2).click();
          await page.getByRole('heading', { name: 'Message', exact: true }).waitFor();
        } else await page.getByRole('heading', { level: 2 }).first().waitFor();
        await window.accessible(view);
      }
      await page.goto(`${base}/docs`);
      await page.getByText('Try it').first().click();
      await window.accessible('docs');
      await window.fits('docs');
      window.quiet(base);
    });
  }
});

describe('the overview', () => {
  it('shows the figures, leads to a sender, and comes back with the back button', async (t) => {
    const window = await openWindow(t, browser, `${base}/`);
    const { page } = window;
    await page.getByRole('region', { name: 'Messages', exact: true }).getByText('250').waitFor();
    await page.getByRole('img', { name: /250 messages/ }).waitFor();
    await page.getByText('Ready').waitFor();
    await page.getByRole('link', { name: /\+919876543211/ }).click();
    await page.getByText('63 matching').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Top senders' }).waitFor();
    window.quiet(base);
  });

  it('is loaded with less than 100 kB', async (t) => {
    const window = await openWindow(t, browser, 'about:blank');
    const sizes: Promise<number>[] = [];
    // What the API answers grows with its metrics; the page itself must stay small.
    window.page.on('requestfinished', (request) => {
      if (request.resourceType() === 'fetch') return;
      sizes.push(
        request.sizes().then((bytes) => bytes.responseBodySize + bytes.responseHeadersSize),
      );
    });
    await window.page.goto(`${base}/`);
    await window.page.getByText('+919876543210').first().waitFor();
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    t.diagnostic(`${bytes} bytes`);
    assert.ok(bytes > 10_000 && bytes < FIRST_LOAD_BYTES_MAX, `${bytes} bytes`);
  });

  it('shows an empty inbox how to get its first message, and the message when it comes', async (t) => {
    const empty = await startService(t);
    const window = await openWindow(t, browser, `http://127.0.0.1:${empty.port}/`);
    const { page } = window;
    await page.getByText(/curl http/).waitFor();
    await window.accessible('first run');
    await empty.store(message({ from: '+4915112345678' }));
    await page.getByText('+4915112345678').waitFor();
  });
});

describe('the list of messages', () => {
  it('filters by text and sender, marks what matches, and keeps it in the address', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/messages`);
    const { page } = window;
    await page.getByText('250 messages').waitFor();
    await page.getByLabel('Text contains').fill('colis');
    await page.getByText('5 matching').waitFor();
    assert.equal(await page.locator('mark').first().textContent(), 'COLIS');
    await page.getByLabel('Sender').fill('+919876543210');
    await page.getByText('3 matching').waitFor();
    assert.match(page.url(), /q=colis/);
    await page.reload();
    await page.getByText('3 matching').waitFor();
    assert.equal(await page.getByLabel('Text contains').inputValue(), 'colis');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('250 messages').waitFor();
    window.quiet(base);
  });

  it('takes a hostile text for text', async (t) => {
    const window = await openWindow(t, browser, `${base}/#/messages?q=onerror`);
    const { page } = window;
    await page.getByRole('option').first().click();
    await page.getByRole('region', { name: 'Text' }).getByText(HOSTILE).waitFor();
    assert.equal(await page.title(), 'Messages · Oncebox');
    window.quiet(base);
  });

  it('is walked with the keyboard from the newest to the oldest', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/#/messages`);
    await page.getByRole('option').first().getByText('<img src').waitFor();
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await page.getByRole('option').getByText('Où est le COLIS 0 ?').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Text' }).getByText('Où est le COLIS 0 ?').waitFor();
    await page.keyboard.press('Escape');
    await page
      .getByRole('heading', { name: 'Message', exact: true })
      .waitFor({ state: 'detached' });
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await page.getByRole('option').first().getByText('<img src').waitFor();
  });
});

describe('live', () => {
  it('shows a message that the form has signed and sent, and waits while paused', async (t) => {
    const live = (await openWindow(t, browser, `${base}/#/live`)).page;
    await live.getByText('Live', { exact: true }).nth(1).waitFor();
    const { page } = await openWindow(t, browser, `${base}/#/send`);
    const send = async (text: string): Promise<void> => {
      await page.getByLabel('Webhook secret').fill(SECRET);
      await page.getByRole('button', { name: 'New id and time' }).click();
      await page.getByLabel('Text').fill(text);
      await page.getByRole('button', { name: 'Sign and send' }).click();
    };
    await send('مرحبا 👋');
    await page.getByText('Stored. See it in the list').waitFor();
    await live.getByText('مرحبا 👋').waitFor();
    await live.getByRole('button', { name: 'Pause' }).click();
    await send('while paused');
    await live.getByText(/^2 since/).waitFor();
    assert.equal(await live.getByText('while paused').count(), 0);
    await live.getByRole('button', { name: 'Continue' }).click();
    await service.store(message({ text: 'the next one' }));
    await live.getByText('while paused').waitFor();
    await page.getByLabel('Webhook secret').fill('not the secret');
    await page.getByRole('button', { name: 'Sign and send' }).click();
    await page.getByText(/is this the secret/).waitFor();
  });
});

describe('a service that goes away', () => {
  it('is told, and so is its return; the stream goes on where it was', async (t) => {
    const first = await startService(t);
    const window = await openWindow(t, browser, `http://127.0.0.1:${first.port}/#/live`);
    const { page } = window;
    await first.store(message({ text: 'before' }));
    await eventually('the first message', async () =>
      (await page.getByText('before', { exact: true }).count()) > 0
        ? true
        : first.store(message({ text: 'before' })).then(() => undefined),
    );
    await first.stop();
    await page.getByText(/does not answer/).waitFor();
    const env = { PORT: String(first.port) };
    const again = await startService(t, { directory: first.directory, env });
    await again.store(message({ text: 'after the return' }));
    await page.getByText('after the return').waitFor();
    await page.getByText(/does not answer/).waitFor({ state: 'detached' });
  });
});

describe('the page of the API', () => {
  it('signs a request to the webhook and shows the answer', async (t) => {
    const { page } = await openWindow(t, browser, `${base}/docs`);
    await page.getByLabel(/Webhook secret/).fill(SECRET);
    const card = page.getByRole('region', { name: 'Store a signed message exactly once' });
    await card.getByText('Try it').click();
    await card.getByRole('button', { name: 'Sign and send' }).click();
    await card.getByText(/^200/).nth(1).waitFor();
    assert.match((await card.locator('pre').textContent()) ?? '', /"status": "ok"/);
  });
});
