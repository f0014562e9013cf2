// Requests about destinations that are refused: names that are not there, methods, and bodies that do not fit.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { destinations, startApplication } from './support/application.ts';
import { Description } from './support/description.ts';
import { authorized, steer, TOKEN } from './support/forwards.ts';
import { startService } from './support/service.ts';

const application = await startApplication({ after });
const forwards = destinations({ app: `http://127.0.0.1:${application.port}/` });
const service = await startService({ after }, { env: { ...forwards, API_TOKEN: TOKEN } });
const api = await Description.of(service);

describe('paths of a destination that is not there, and methods that they do not have', () => {
  const body = JSON.stringify({ all: true });
  const headers = { ...authorized, 'Content-Type': 'application/json' };
  for (const [status, method, path] of [
    [404, 'GET', '/forwards/none/dead'],
    [404, 'GET', '/forwards/App/dead'],
    [404, 'GET', '/forwards/%7Bname%7D/dead'],
    [404, 'GET', '/forwards/{name}/dead'],
    [404, 'POST', '/forwards/none/retry'],
    [404, 'POST', '/forwards/none/discard'],
    [404, 'GET', '/forwards/app'],
    [404, 'GET', '/forwards/app/none'],
    [404, 'GET', '/forwards/app/dead/'],
    [405, 'POST', '/forwards'],
    [405, 'POST', '/forwards/attempts'],
    [405, 'POST', '/forwards/app/dead'],
    [405, 'GET', '/forwards/app/retry'],
    [405, 'HEAD', '/forwards/app/discard'],
    [405, 'DELETE', '/forwards/app/replay'],
    [200, 'HEAD', '/forwards'],
    [200, 'HEAD', '/forwards/app/dead'],
  ] as const)
    it(`${method} ${path} is ${status}`, async () => {
      const sent = { method, path, headers, ...(method === 'POST' ? { body } : {}) };
      const answer = await service.send(sent);
      assert.equal(answer.status, status);
      if (status === 405) assert.ok(answer.headers['allow']);
      if (method === 'HEAD') assert.equal(answer.text, '');
    });

  it('a replay to none is 404', async () => {
    assert.equal((await steer(service, '/forwards/none/replay', { from: 1 })).status, 404);
  });
});

describe('bodies that do not fit', () => {
  const long = 'x'.repeat(1_048_577);
  for (const [path, body, loc] of [
    ['retry', {}, ['body']],
    ['retry', { ids: ['a'], all: true }, ['body']],
    ['retry', { all: false }, ['body', 'all']],
    ['retry', { ids: [] }, ['body', 'ids']],
    ['retry', { ids: [1] }, ['body', 'ids', 0]],
    ['discard', { ids: Array.from({ length: 1_001 }, (_, index) => `m${index}`) }, ['body', 'ids']],
    ['discard', { everything: true, all: true }, ['body', 'everything']],
    ['replay', {}, ['body', 'from']],
    ['replay', { from: 0 }, ['body', 'from']],
    ['replay', { from: 'yesterday' }, ['body', 'from']],
    ['replay', { from: '2025-02-30T00:00:00Z' }, ['body', 'from']],
    ['replay', { from: 1, to: null }, ['body', 'to']],
    ['replay', { from: 1, too: 2 }, ['body', 'too']],
    ['replay', { from: 1, source: 'No Name' }, ['body', 'source']],
  ] as const)
    it(`${path} ${JSON.stringify(body).slice(0, 60)} is 422`, async () => {
      const answer = await steer(service, `/forwards/app/${path}`, body);
      assert.equal(answer.status, 422, answer.text);
      const { detail } = answer.json() as { detail: { loc: unknown[] }[] };
      assert.deepEqual(detail[0]?.loc, loc);
    });

  for (const [status, body] of [
    [422, 'not JSON'],
    [422, '[]'],
    [413, JSON.stringify({ ids: [long] })],
  ] as const)
    it(`${body.slice(0, 20)} is ${status}`, async () => {
      const headers = { ...authorized, 'Content-Type': 'application/json; charset=utf-8' };
      const sent = { method: 'POST', path: '/forwards/app/retry', headers, body };
      const answer = await service.send(sent);
      assert.equal(answer.status, status);
      assert.equal(api.refutes('POST', '/forwards/{name}/retry', answer), null);
    });
});
