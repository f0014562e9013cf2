// Twilio and Meta behind a proxy that ends TLS and takes a prefix off, at another host and port than they call: what they sign is verified.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { sign } from '@octokit/webhooks-methods';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { startPrefixProxy } from '../support/prefix-proxy.ts';
import type { Answer } from '../support/request.ts';
import { type Service, startService } from '../support/service.ts';
import { startProxy } from './proxy.ts';
import type { Kind, Proxy } from './proxy.ts';

const PREFIX = '/inbox';
/** What is configured at Twilio. Neither the host, nor the port, nor the path is what arrives at the service. */
const PUBLIC_URL = `https://hooks.example.org:8443${PREFIX}/webhook/sms`;
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const APP_SECRET = 'fedcba9876543210fedcba9876543210';
const TOKEN = 'the token';
const ENV = {
  SOURCES: 'sms:twilio,wa:meta',
  SOURCE_SMS_SECRET: AUTH_TOKEN,
  SOURCE_SMS_PUBLIC_URL: PUBLIC_URL,
  SOURCE_WA_SECRET: APP_SECRET,
  SOURCE_WA_VERIFY_TOKEN: TOKEN,
};

const FORM = {
  MessageSid: 'SM1',
  From: '+15551230001',
  To: '+14155550100',
  Body: `é😀 it's + & %`,
};
const BODY = new URLSearchParams(FORM).toString();
const EVENTS = '[{"specversion":"1.0","id":"EZ1","type":"com.twilio.x","data":{}}]';
const TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

for (const kind of ['nginx', 'caddy'] as const satisfies Kind[]) {
  /** The service under its own path, a proxy that takes the prefix off, and before it the one that ends TLS. */
  async function behind(t: TestContext): Promise<{ service: Service; proxy: Proxy } | undefined> {
    const service = await startService(t, { env: ENV });
    const stripping = await startPrefixProxy(t, service.port, PREFIX, true);
    const proxy = await startProxy(t, kind, Number(new URL(stripping.url).port), PREFIX);
    return proxy === undefined ? undefined : { service, proxy };
  }

  function post(
    proxy: Proxy,
    source: string,
    query: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const path = `${PREFIX}/webhook/${source}${query}`;
    return proxy.send({ method: 'POST', path, headers, body: Buffer.from(body) });
  }

  describe(`behind ${kind}`, () => {
    it('Twilio: each form of the URL that it may sign, and no other', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      const withoutPort = PUBLIC_URL.replace(':8443', '');
      for (const [url, query, status] of [
        [PUBLIC_URL, '', 200],
        [withoutPort, '', 200],
        [`${PUBLIC_URL}?b=2&a=%7e&a=it's`, "?b=2&a=%7e&a=it's", 200],
        [`${withoutPort}?b=2&a=it%27s`, "?b=2&a=it's", 200],
        [PUBLIC_URL, '?b=2', 401],
        [`https://inbox.example.com${PREFIX}/webhook/sms`, '', 401],
        [`http://127.0.0.1:${service.port}/webhook/sms`, '', 401],
      ] as const) {
        const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, FORM);
        const headers = {
          'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'X-Twilio-Signature': signature,
        };
        const answer = await post(proxy, 'sms', query, BODY, headers);
        assert.equal(answer.status, status, url);
        if (status === 200)
          assert.deepEqual([answer.headers['content-type'], answer.text], ['text/xml', TWIML]);
      }
      const [stored] = (await service.page()).data;
      assert.deepEqual([stored?.message_id, stored?.text], ['sms:SM1', FORM.Body]);
    });

    it('Twilio: JSON with the hash of the body in the URL', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      const query = `?bodySHA256=${hash('sha256', EVENTS)}`;
      const signature = getExpectedTwilioSignature(AUTH_TOKEN, PUBLIC_URL + query, {});
      const headers = { 'Content-Type': 'application/json', 'X-Twilio-Signature': signature };
      assert.equal((await post(proxy, 'sms', query, EVENTS, headers)).status, 200);
      assert.equal((await post(proxy, 'sms', query, `${EVENTS} `, headers)).status, 401);
      assert.equal((await service.get('/event?id=sms%3AEZ1')).status, 200);
    });

    it('Meta: the handshake, and a post byte for byte', async (t) => {
      const both = await behind(t);
      if (both === undefined) return;
      const { service, proxy } = both;
      const asked = `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(TOKEN)}`;
      const shaken = await proxy.send({ path: `${PREFIX}/webhook/wa?${asked}` });
      assert.deepEqual([shaken.status, shaken.text], [200, '1158201444']);
      assert.match(shaken.headers['content-type'] ?? '', /^text\/plain/);
      const refused = await proxy.send({ path: `${PREFIX}/webhook/wa?${asked}x` });
      assert.equal(refused.status, 403);

      const item = String.raw`{"id":"wamid.A\/B","type":"text","text":{"body":"Ol\u00e1 é😀"}}`;
      const body = `\r\n {"entry":[{"changes":[{"field":"messages","value":{"messages":[${item}]}}]}]}\n`;
      const headers = { 'X-Hub-Signature-256': await sign(APP_SECRET, body) };
      assert.equal((await post(proxy, 'wa', '', body, headers)).status, 200);
      assert.equal((await post(proxy, 'wa', '', body.trim(), headers)).status, 401);
      const found = await service.get('/message?id=wa%3Awamid.A%2FB');
      assert.ok(found.text.includes(`"payload":${item}`), found.text);
    });
  });
}
