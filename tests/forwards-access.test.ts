// Who may see destinations, and who may steer them: nobody without API_TOKEN, and no page of another origin.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { destinations, startApplication } from './support/application.ts';
import { TOKEN } from './support/forwards.ts';
import { startService } from './support/service.ts';

const application = await startApplication({ after });
const forwards = destinations({ app: `http://127.0.0.1:${application.port}/` });
const services = {
  'with API_TOKEN': await startService({ after }, { env: { ...forwards, API_TOKEN: TOKEN } }),
  'without one': await startService({ after }, { env: forwards }),
  'with METRICS_TOKEN alone': await startService(
    { after },
    { env: { ...forwards, METRICS_TOKEN: TOKEN } },
  ),
};
const READS = ['/forwards', '/forwards/app/dead', '/forwards/attempts?seq=1'];
const STEERING = ['retry', 'discard', 'replay'];
const JSON_TYPE = 'application/json';

/** The status of each request: with which token, and for what is steered of which type. */
const READ_ANSWERS = [
  ['with API_TOKEN', null, 401],
  ['with API_TOKEN', 'wrong', 401],
  ['with API_TOKEN', TOKEN, null],
  ['without one', null, null],
  ['with METRICS_TOKEN alone', null, null],
] as const;
const STEERING_ANSWERS = [
  ['with API_TOKEN', null, JSON_TYPE, 401],
  ['with API_TOKEN', 'wrong', JSON_TYPE, 401],
  ['with API_TOKEN', null, 'text/plain', 401],
  ['with API_TOKEN', TOKEN, JSON_TYPE, 200],
  ['with API_TOKEN', TOKEN, 'Application/JSON;charset=utf-8', 200],
  ['with API_TOKEN', TOKEN, 'text/plain', 415],
  ['with API_TOKEN', TOKEN, 'application/x-www-form-urlencoded', 415],
  ['with API_TOKEN', TOKEN, 'multipart/form-data; boundary=x', 415],
  ['with API_TOKEN', TOKEN, 'application/jsonp', 415],
  ['with API_TOKEN', TOKEN, null, 415],
  ['without one', null, JSON_TYPE, 403],
  ['without one', TOKEN, JSON_TYPE, 403],
  ['without one', null, 'text/plain', 403],
  ['with METRICS_TOKEN alone', TOKEN, JSON_TYPE, 403],
] as const;

const bearer = (token: string | null) =>
  token === null ? {} : { Authorization: `Bearer ${token}` };

describe('reads of destinations', () => {
  for (const [which, token, status] of READ_ANSWERS)
    for (const path of READS)
      it(`${path} of a service ${which}, by ${token ?? 'a stranger'}`, async () => {
        const answer = await services[which].send({ path, headers: bearer(token) });
        // There is no item yet.
        const open = path.startsWith('/forwards/attempts') ? 404 : 200;
        assert.equal(answer.status, status ?? open);
      });
});

describe('steering of a destination', () => {
  for (const [which, token, type, status] of STEERING_ANSWERS)
    for (const verb of STEERING)
      it(`${verb} as ${type ?? 'nothing'} is ${status} at a service ${which}, by ${token ?? 'a stranger'}`, async () => {
        const answer = await services[which].send({
          method: 'POST',
          path: `/forwards/app/${verb}`,
          headers: { ...bearer(token), ...(type === null ? {} : { 'Content-Type': type }) },
          body: JSON.stringify(verb === 'replay' ? { from: 1 } : { all: true }),
        });
        assert.equal(answer.status, status, answer.text);
        if (status === 403) assert.match(answer.text, /API_TOKEN/);
        if (status === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer');
      });

  for (const [which, reads, steering] of [
    ['with API_TOKEN', 401, 401],
    ['without one', 200, 403],
  ] as const)
    it(`by a page of another origin, or of a name that was bound to the address, of a service ${which}`, async () => {
      const pages = [
        { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'http://evil.example', Host: 'evil.example' },
      ];
      for (const page of pages) {
        // A browser adds cookies, and no token.
        const headers = { ...page, Cookie: `token=${TOKEN}` };
        const read = await services[which].send({ path: '/forwards', headers });
        assert.equal(read.status, reads);
        assert.equal(read.headers['access-control-allow-origin'], undefined);
        for (const type of [JSON_TYPE, 'text/plain', 'application/x-www-form-urlencoded'])
          for (const verb of STEERING) {
            const path = `/forwards/app/${verb}`;
            const body = '{"all":true,"from":1}';
            const typed = { ...headers, 'Content-Type': type };
            const answer = await services[which].send({
              method: 'POST',
              path,
              headers: typed,
              body,
            });
            assert.equal(answer.status, steering);
          }
      }
    });

  it('is answered without permission for other origins', async () => {
    const answer = await services['with API_TOKEN'].send({
      method: 'OPTIONS',
      path: '/forwards/app/retry',
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });
});
