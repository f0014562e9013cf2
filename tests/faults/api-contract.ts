// Whether an answer is one that the service's own description of the API allows for its request.
import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import type { Service } from '../support/service.ts';
import type { WireAnswer } from '../support/wire.ts';

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** What a request may get that the server ends itself, before anyone knows what it asks for. */
const UNUSABLE = new Set([400, 408, 413, 417, 431]);
/** Paths that answer without being part of the API: the description and the dashboard, which may not be built. */
const PAGES = new Set(['/', '/docs', '/openapi.json']);
/** Signs of the inside: stack traces, sources, SQL. */
const INSIDE = /\.ts:[0-9]|node:internal|\n\s+at |SQLITE|SELECT |INSERT /;

export class ApiContract {
  readonly #paths: Document['paths'];
  readonly #ajv = new Ajv2020({ strict: false });
  readonly #checks = new Map<string, ValidateFunction>();

  private constructor(document: Document) {
    this.#paths = document.paths;
    this.#ajv.addSchema(document, 'api');
  }

  static async of(service: Service): Promise<ApiContract> {
    return new ApiContract((await service.get('/openapi.json')).json() as Document);
  }

  /** Fails unless the status belongs to the request, and the body to the status. */
  assertAllowed(method: string, path: string, answer: WireAnswer): void {
    const { status, headers, body } = answer;
    const text = body.toString('utf8');
    // 500 is described, and must never be seen; 503 is what load alone may bring.
    assert.ok(status < 500 || status === 503, `status ${status}`);
    if (status >= 400) assert.doesNotMatch(text, INSIDE);
    assert.ok(headers['x-request-id'], 'an answer without X-Request-ID');
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const described = this.#paths[path];
    if (PAGES.has(path)) {
      const allowed = verb === 'get' ? [200, 404] : [404, 405];
      assert.ok(allowed.includes(status), `status ${status}`);
    } else if (described === undefined) assert.equal(status, 404);
    else if (described[verb] === undefined) assert.equal(status, 405);
    else {
      assert.ok(String(status) in described[verb].responses, `status ${status} is not described`);
      if (method !== 'HEAD' && headers['content-type'] === 'application/json')
        this.#assertFits(path, verb, status, text);
      return;
    }
    if (status >= 400 && method !== 'HEAD')
      assert.deepEqual(Object.keys(JSON.parse(text) as object), ['detail']);
  }

  /** An answer to bytes that may be anything: never a failure of ours, and nothing of the inside. */
  assertHarmless(answer: WireAnswer): void {
    const { status, body } = answer;
    assert.ok(status < 500 || status === 503, `status ${status}`);
    if (UNUSABLE.has(status) && body.length > 0)
      assert.deepEqual(Object.keys(JSON.parse(body.toString()) as object), ['detail']);
  }

  #assertFits(path: string, verb: string, status: number, text: string): void {
    const key = `${path} ${verb} ${status}`;
    let check = this.#checks.get(key);
    if (check === undefined) {
      const schema =
        this.#paths[path]?.[verb]?.responses[status]?.content?.['application/json']?.schema;
      const pointers = JSON.stringify(schema ?? {}).replaceAll('"#/', '"api#/');
      check = this.#ajv.compile(JSON.parse(pointers) as object);
      this.#checks.set(key, check);
    }
    assert.ok(check(JSON.parse(text)), this.#ajv.errorsText(check.errors));
  }
}
