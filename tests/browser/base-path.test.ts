// The dashboard and the page of the API under a prefix, behind a proxy that strips it and one that leaves it.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { openWindow, startBrowser } from '../support/browser.ts';
import { message, SECRET } from '../support/message.ts';
import { startPrefixProxy } from '../support/prefix-proxy.ts';
import { startService } from '../support/service.ts';

const browser = await startBrowser({ after });

for (const strips of [true, false]) {
  describe(`behind a proxy that ${strips ? 'strips' : 'leaves'} the prefix`, () => {
    it('every view works, and nothing is asked for outside of the prefix', async (t) => {
      const service = await startService(t, { env: { BASE_PATH: '/inbox/' } });
      await service.store(message({ from: '+4915112345678', text: 'the first' }));
      const proxy = await startPrefixProxy(t, service.port, '/inbox', strips);
      const window = await openWindow(t, browser, proxy.url);
      const { page } = window;
      await page.getByText('+4915112345678').waitFor();
      await page.getByText('Ready').waitFor();
      await page.getByRole('img', { name: /1 message/ }).waitFor();
      await page.getByRole('link', { name: /\+4915112345678/ }).click();
      await page.getByRole('option').first().click();
      await page.getByRole('region', { name: 'Text' }).getByText('the first').waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: 'Top senders' }).waitFor();

      const live = await openWindow(t, browser, `${proxy.url}/#/live`);
      await live.page.getByText('Live', { exact: true }).nth(1).waitFor();
      await page.getByRole('link', { name: 'Send' }).click();
      await page.getByLabel('Webhook secret').fill(SECRET);
      await page.getByLabel('Text').fill('from the form');
      await page.getByRole('button', { name: 'Sign and send' }).click();
      await page.getByText('Stored. See it in the list').waitFor();
      await live.page.getByText('from the form').waitFor();

      await page.getByRole('link', { name: 'API' }).click();
      const card = page.getByRole('region', { name: 'List and search messages' });
      await card.getByText('/inbox/messages', { exact: true }).waitFor();
      await card.getByText('Try it').click();
      await card.getByRole('button', { name: 'Send' }).click();
      await card.getByText(/"total": 2/).waitFor();
      assert.ok((await page.request.get(`${proxy.url}/openapi.json`)).ok());
      await page.getByRole('link', { name: 'Oncebox' }).click();
      await page.getByText('+4915112345678').waitFor();
      assert.equal(page.url(), `${proxy.url}/`);

      assert.deepEqual([...window.complaints, ...live.complaints, ...proxy.strays], []);
      for (const url of [...window.requested, ...live.requested])
        assert.ok(url === proxy.url || url.startsWith(`${proxy.url}/`), url);
    });

    it('the commands to copy post to the prefix', async (t) => {
      const service = await startService(t, { env: { BASE_PATH: '/inbox' } });
      const proxy = await startPrefixProxy(t, service.port, '/inbox', strips);
      const { page } = await openWindow(t, browser, `${proxy.url}/`);
      await page.getByText(`curl ${proxy.url}/webhook -H`).waitFor();
    });
  });
}

describe('a token', () => {
  it('is kept for the prefix: another service on the same origin is not sent it', async (t) => {
    const env = { BASE_PATH: '/inbox', API_TOKEN: 'the-token-of-this-test' };
    const service = await startService(t, { env });
    await service.store(message({ from: '+4915112345678' }));
    const { page } = await openWindow(t, browser, `http://127.0.0.1:${service.port}/inbox/`);
    await page.getByLabel('Token').fill(env.API_TOKEN);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('+4915112345678').waitFor();
    assert.deepEqual(await page.evaluate('Object.keys(sessionStorage)'), ['oncebox.token/inbox']);
  });
});
