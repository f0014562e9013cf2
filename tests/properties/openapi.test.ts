// Requests made from the description of the API, fitting and not, to every path with every method: each answer is one that it promises.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Asked, STORED_READS, ask } from './ask.ts';
import { forwardRequests } from './forward-requests.ts';
import { sourceRequests } from './source-requests.ts';
import { destinations } from '../support/application.ts';
import { execute, holdWriteLock } from '../support/database.ts';
import { type Answered, Description, type Operation, type Schema } from '../support/description.ts';
import { fitting, parametersOf } from '../support/generated.ts';
import { issuesIn } from '../support/shapes.ts';
import { message, sign } from '../support/message.ts';
import { type Service, startService } from '../support/service.ts';
import { SOURCES, store, whatsapp, whatsappStatus, whatsappText } from '../support/sources.ts';

const TOKEN = 'the-token-of-these-tests';
const BODY_BYTES_MAX = 2_000;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const RUNS = 120;

const env = {
  ...SOURCES,
  // Nothing listens there.
  ...destinations({ app: 'http://127.0.0.1:9/' }),
  SOURCE_WA_MAX_BODY_BYTES: String(BODY_BYTES_MAX),
  MAX_BODY_BYTES: String(BODY_BYTES_MAX),
  API_TOKEN: TOKEN,
};
const service = await startService({ after }, { env });
const api = await Description.of(service);
/** Those of sources are asked for by their names. */
const paths = Object.keys(api.document.paths).filter((path) => !path.includes('{'));
/** The described answers that were seen, such as `GET /stats 200`. */
const seen = new Set<string>();

before(async () => {
  await service.store(message(), message({ text: null }), message({ text: 'É ß 😀' }));
  const statuses = [whatsappStatus('w1', 'sent'), whatsappStatus('w1', 'read')];
  await store(service, 'wa', whatsapp({ messages: [whatsappText('w1', 'a')], statuses }));
  await store(service, 'bill', 'not JSON');
});

/** Asks, and fails where the description does not promise the answer. `described`: how the description names the path. */
async function judged(of: Service, asked: Asked, described = asked.path): Promise<Answered> {
  const answer = await ask(of, asked);
  const refuted = api.refutes(asked.method, described, answer);
  assert.equal(refuted, null, `${JSON.stringify(asked)}: ${answer.status} ${answer.text}`);
  seen.add(`${asked.method} ${described} ${answer.status}`);
  return answer;
}

const authorized = { Authorization: `Bearer ${TOKEN}` };

describe('requests made from the description', () => {
  for (const path of paths.filter((known) => api.operation('GET', known) !== undefined)) {
    it(`to ${path}: what does not fit is 422 and named, and every answer fits`, async () => {
      const operation = api.operation('GET', path) as Operation;
      // As a reader of the page would try it first.
      await judged(service, { method: 'GET', path, headers: authorized });
      const method = fc.constantFrom('GET', 'GET', 'HEAD');
      await fc.assert(
        fc.asyncProperty(method, parametersOf(api, operation), async (verb, parameters) => {
          const query = new URLSearchParams(parameters).toString();
          const answer = await judged(service, { method: verb, path, query, headers: authorized });
          const misfits = (operation.parameters ?? []).filter(
            (parameter) =>
              parameter.in === 'query' &&
              parameters[parameter.name] !== undefined &&
              !api.fits(parameter, parameters[parameter.name] ?? ''),
          );
          if (misfits.length > 0) assert.equal(answer.status, 422, query);
          if (misfits.length === 0 || verb === 'HEAD') return;
          const named = new Set(issuesIn(JSON.parse(answer.text)).map(({ loc }) => loc.at(-1)));
          assert.ok(
            misfits.every(({ name }) => named.has(name)),
            `${query}: ${answer.text}`,
          );
        }),
        { numRuns: operation.parameters === undefined ? 5 : RUNS },
      );
    });
  }

  it('to /webhook: a body that does not fit is 422, whatever the signature a wrong one is 401', async () => {
    const schema: Schema = { $ref: '#/components/schemas/message' };
    const changed = fc
      .tuple(
        fitting(api, schema),
        fc.constantFrom('message_id', 'from', 'to', 'ts', 'text'),
        fc.jsonValue({ maxDepth: 2 }),
      )
      .map(([draft, name, value]) => ({ ...(draft as object), [name]: value }));
    const bodies = fc.oneof(fitting(api, schema), changed, fc.jsonValue({ maxDepth: 2 }));
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom(true, true, true, false), async (value, rightly) => {
        const body = JSON.stringify(value);
        const headers = { 'X-Signature': sign(rightly ? body : `${body} `) };
        const { status, text } = await judged(service, {
          method: 'POST',
          path: '/webhook',
          headers,
          body,
        });
        if (Buffer.byteLength(body) > BODY_BYTES_MAX) assert.equal(status, 413);
        else if (!rightly) assert.equal(status, 401);
        else if (api.misfit(schema, value) !== null) assert.equal(status, 422, body);
        // What a schema cannot say: the date must exist, and years begin with 1.
        else if (status === 422)
          assert.deepEqual(
            issuesIn(JSON.parse(text)).map(({ loc }) => loc),
            [['body', 'ts']],
          );
        else assert.equal(status, 200, body);
      }),
      { numRuns: 3 * RUNS },
    );
    const body = JSON.stringify(message({ text: 'x'.repeat(BODY_BYTES_MAX) }));
    const headers = { 'X-Signature': sign(body) };
    assert.equal(
      (await judged(service, { method: 'POST', path: '/webhook', headers, body })).status,
      413,
    );
  });

  it('with every other method are 405, and to every other path 404', async () => {
    const method = fc.constantFrom(...METHODS);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constantFrom(...paths), fc.webPath()),
        method,
        async (path, verb) => {
          const known = api.document.paths[path];
          if (path === '' || path === '/' || path === '/docs' || path === '/openapi.json') return;
          const { status, headers } = await judged(service, {
            method: verb,
            path,
            headers: authorized,
          });
          if (known === undefined) assert.equal(status, 404);
          else if (
            known[verb.toLowerCase()] === undefined &&
            !(verb === 'HEAD' && known['get'] !== undefined)
          ) {
            assert.equal(status, 405);
            const allowed = Object.keys(known).map((name) => name.toUpperCase());
            assert.equal(
              headers['allow'],
              (known['get'] ? [...allowed, 'HEAD'] : allowed).join(', '),
            );
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('without the token are 401 exactly where the description asks for one', async () => {
    for (const path of paths) {
      const method = api.operation('GET', path) === undefined ? 'POST' : 'GET';
      const { status } = await judged(service, { method, path });
      const open = api.operation(method, path)?.security?.length === 0;
      assert.equal(status === 401, !open || path === '/webhook', path);
    }
  });
});

describe('the webhook of a source', () => {
  const OF_SOURCE = '/webhook/{source}';
  const cases = sourceRequests(BODY_BYTES_MAX);
  for (const [status, asked] of cases)
    it(`answers ${asked.method} ${asked.path} ${asked.query ?? ''} with ${status}`, async () =>
      assert.equal((await judged(service, asked, OF_SOURCE)).status, status));

  it('is 503 while nothing can be stored', async (t) => {
    const broken = await startService(t, { env });
    const release = await holdWriteLock(t, broken.databasePath);
    const [[, asked]] = cases;
    assert.equal((await judged(broken, asked, OF_SOURCE)).status, 503);
    await release();
  });
});

describe('a destination', () => {
  const cases = forwardRequests(authorized);
  for (const [status, described, asked] of cases)
    it(`answers ${asked.method} ${asked.path} ${asked.query ?? asked.body?.slice(0, 20) ?? ''} with ${status}`, async () =>
      assert.equal((await judged(service, asked, described)).status, status));

  it('is not steered where there is no token', async (t) => {
    const open = await startService(t, { env: { ...env, API_TOKEN: undefined } });
    for (const [, described, asked] of cases.filter(([, , { method }]) => method === 'POST'))
      assert.equal((await judged(open, asked, described)).status, 403);
  });
});

describe('one item', () => {
  for (const [path, ids] of [
    ['/message', ['wa:w1', 'none']],
    ['/event', ['wa:w1:sent', 'none']],
    ['/delivery', ['4', '1']],
  ] as const)
    it(`of ${path} is found by its id, in every part and with every method, or is 404`, async () => {
      for (const [index, id] of ids.entries())
        for (const method of ['GET', 'HEAD'])
          for (const part of ['', 'body', 'headers']) {
            const query = new URLSearchParams({ id, part }).toString();
            const { status } = await judged(service, { method, path, query, headers: authorized });
            assert.equal(status, index === 0 ? 200 : 404);
          }
    });
});

describe('a store that cannot answer', () => {
  it('is 503 as described, for posts and for every read', async (t) => {
    const broken = await startService(t, { env });
    const body = JSON.stringify(message());
    const post = { method: 'POST', path: '/webhook', headers: { 'X-Signature': sign(body) }, body };
    const release = await holdWriteLock(t, broken.databasePath);
    assert.equal((await judged(broken, post)).status, 503);
    await release();
    execute(
      broken.databasePath,
      ['messages', 'events', 'deliveries', 'sources', 'counters', 'forwards', 'forward_items']
        .map((table) => `DROP TABLE ${table};`)
        .join(' '),
    );
    for (const target of STORED_READS)
      for (const method of ['GET', 'HEAD']) {
        const [path = '', query] = target.split('?');
        const asked = { method, path, query, headers: authorized };
        assert.equal((await judged(broken, asked)).status, 503, target);
      }
    for (const [status, described, asked] of forwardRequests(authorized))
      if (status === 200) assert.equal((await judged(broken, asked, described)).status, 503);
    assert.equal((await judged(broken, { method: 'GET', path: '/health/live' })).status, 200);
  });
});

describe('what is described', () => {
  it('was all seen in these tests, but for failures of the service itself', () => {
    const described = Object.entries(api.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    assert.ok(described.length > 25);
    assert.deepEqual(
      described.filter((answer) => !answer.endsWith(' 500') && !seen.has(answer)),
      [],
    );
  });
});
