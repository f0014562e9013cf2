// The dashboard of a service that asks for tokens.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { openWindow, startBrowser } from '../support/browser.ts';
import { message } from '../support/message.ts';
import { startService } from '../support/service.ts';

const browser = await startBrowser({ after });

describe('a service with a token', () => {
  it('is asked for it, and again when it does not fit; the secret stays out of the address', async (t) => {
    const guarded = await startService(t, { env: { API_TOKEN: 'the-token-of-this-test' } });
    await guarded.store(message({ from: '+4915112345678' }));
    const window = await openWindow(t, browser, `http://127.0.0.1:${guarded.port}/`);
    const { page } = window;
    await page.getByLabel('Token').fill('not the token');
    await window.accessible('token prompt');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Token').fill('the-token-of-this-test');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('+4915112345678').waitFor();
    await page.goto(`http://127.0.0.1:${guarded.port}/#/live`);
    await page.getByText('Live', { exact: true }).nth(1).waitFor();
    assert.ok(window.requested.every((url) => !url.includes('token=')));
  });
});

describe('metrics with a token of their own', () => {
  it('are asked for in words, once, and shown when the token fits', async (t) => {
    const env = { METRICS_TOKEN: 'the-token-of-the-scraper' };
    const guarded = await startService(t, { env });
    await guarded.store(message());
    const window = await openWindow(t, browser, `http://127.0.0.1:${guarded.port}/`);
    const { page } = window;
    const outcomes = page.getByRole('region', { name: 'Outcomes since start' });
    await outcomes.getByText('METRICS_TOKEN').waitFor();
    await page.getByText('needs the metrics token').first().waitFor();
    await window.accessible('locked outcomes');
    await outcomes.getByLabel('Metrics token').fill('not the token');
    await outcomes.getByRole('button', { name: 'Show outcomes' }).click();
    await outcomes.getByText('This token is wrong').waitFor();
    const asked = () => window.requested.filter((url) => url.endsWith('/metrics')).length;
    assert.equal(asked(), 2);
    await outcomes.getByLabel('Metrics token').fill(env.METRICS_TOKEN);
    await outcomes.getByRole('button', { name: 'Show outcomes' }).click();
    await outcomes.getByRole('row', { name: /Created 1/ }).waitFor();
    assert.equal(await page.getByText('needs the metrics token').count(), 0);
    await window.accessible('unlocked outcomes');
  });
});
