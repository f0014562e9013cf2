// docs/reference/api.md against /openapi.json: routes, parameters, fields, statuses and headers, in both directions.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Description } from '../support/description.ts';
import type { Operation, Schema } from '../support/description.ts';
import { codeIn, hasTable, page, sectionsOf, tableOf } from '../support/markdown.ts';
import type { Row } from '../support/markdown.ts';
import { startService } from '../support/service.ts';

const service = await startService({ after });
const { document } = await Description.of(service);
const text = page('docs/reference/api.md');
const sections = new Map([...sectionsOf(text)].filter(([heading]) => /^[A-Z]+ \//.test(heading)));
const operations = new Map(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  ),
);

function rowsOf(section: string, head: string): readonly Row[] {
  return hasTable(section, head) ? tableOf(section, head) : [];
}

/** The keys of a schema, or of the schema of this document that it refers to. */
function keysOf(schema: Schema | undefined): string[] {
  const found = schema?.$ref
    ? document.components.schemas[schema.$ref.split('/').at(-1) ?? '']
    : schema;
  return Object.keys(found?.properties ?? {}).toSorted();
}

/** The headers of each status beside X-Request-ID, which all have. */
function headersOf({ responses }: Operation): string[] {
  return Object.entries(responses).map(([status, { headers = {} }]) => {
    const names = Object.keys(headers).filter((name) => name !== 'X-Request-ID');
    return `${status} ${names.toSorted().join()}`;
  });
}

it('the page has exactly the operations of the description', () => {
  assert.deepEqual([...sections.keys()].toSorted(), [...operations.keys()].toSorted());
});

for (const [heading, operation] of operations) {
  describe(`the section of ${heading}`, () => {
    const section = sections.get(heading) ?? '';

    it('has exactly its parameters, where they are and what they default to', () => {
      const told = rowsOf(section, 'parameter').map(
        (row) => `${row['parameter']} ${row['in']} ${row['default'] ?? ''}`,
      );
      const described = (operation.parameters ?? []).map(
        ({ name, in: place, schema }) => `${name} ${place} ${schema.default ?? ''}`,
      );
      assert.deepEqual(told.toSorted(), described.toSorted());
    });

    it('has exactly its statuses, with their headers', () => {
      const told = rowsOf(section, 'status').map(
        (row) =>
          `${row['status']} ${codeIn(row['headers'] ?? '')
            .toSorted()
            .join()}`,
      );
      assert.deepEqual(told.toSorted(), headersOf(operation).toSorted());
    });

    it('has exactly the fields of what is sent, and the keys of what is answered', () => {
      const sent = operation.requestBody?.content['application/json']?.schema;
      const fields = rowsOf(section, 'field').map((row) => row['field'] ?? '');
      assert.deepEqual(fields.toSorted(), keysOf(sent));
      const answered = operation.responses[200]?.content?.['application/json']?.schema;
      const keys = rowsOf(section, 'key').map((row) => row['key'] ?? '');
      // A body that has nothing but a status is in the table of statuses.
      const described = keysOf(answered);
      assert.deepEqual(keys.toSorted(), described.join() === 'status' ? [] : described);
    });
  });
}

it('the checks of /health/ready are those of the page', async () => {
  const { checks } = (await service.get('/health/ready')).json() as { checks: object };
  const told = tableOf(sections.get('GET /health/ready') ?? '', 'check').map(
    ({ check = '' }) => check,
  );
  assert.deepEqual(told.toSorted(), Object.keys(checks).toSorted());
});

it('the steps of a timeline are those of the page', () => {
  const step = operations
    .get('GET /stats/timeline')
    ?.parameters?.find(({ name }) => name === 'step');
  const row = rowsOf(sections.get('GET /stats/timeline') ?? '', 'parameter').find(
    ({ parameter }) => parameter === 'step',
  );
  const told = [...(row?.['rule'] ?? '').matchAll(/\d+/g)].map(([digits]) => Number(digits));
  assert.deepEqual(told, step?.schema.enum);
});

it('every page beside the operations answers', async () => {
  for (const { page: path = '' } of tableOf(text, 'page'))
    assert.equal((await service.get(path)).status, 200, path);
});
