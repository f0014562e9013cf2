// An answer that must be a 422, and the one test that a rule for a field or a parameter needs.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { message, uniqueNumber } from './message.ts';
import type { Draft } from './message.ts';
import type { Answer } from './request.ts';
import type { Service } from './service.ts';
import { issuesIn } from './shapes.ts';
import type { Issue } from './shapes.ts';

/** Values that are not strings, of every kind that JSON has. Numbers are never taken for strings. */
export const NOT_STRINGS = [
  { length: [':'] },
  { length: 0 },
  null,
  0,
  1,
  919876543210,
  1.5,
  true,
  false,
  [],
  ['+1'],
  {},
  { a: 1 },
];

/** Returns the issues of an answer that must be 422. */
export function issuesOf(answer: Answer): Issue[] {
  assert.equal(answer.status, 422, answer.text);
  return issuesIn(answer.json());
}

/** Shortens a value for the name of a test. */
function shown(value: unknown): string {
  const characters = Array.from(JSON.stringify(value));
  if (characters.length <= 60) return characters.join('');
  return `${characters.slice(0, 20).join('')}… (${characters.length} characters)`;
}

/** One test: the message with this field is stored, and comes back with the very same value. */
export function fits(service: Service, field: string, value: unknown, name = shown(value)): void {
  it(`${field} fits: ${name}`, async () => {
    const own = field === 'from' ? String(value) : uniqueNumber();
    const sent = message({ from: own, [field]: value });
    const answer = await service.post(sent);
    assert.equal(answer.status, 200, answer.text);
    const { data } = await service.page(`?from=${encodeURIComponent(own)}&limit=100`);
    const found = data.find((stored) => stored.message_id === sent.message_id);
    assert.deepEqual(found, { ...sent, text: sent.text ?? null });
  });
}

/** One test: the message with this field is 422 with one issue of one of these types, at the field, and is not stored. */
export function misfits(
  service: Service,
  field: string,
  value: unknown,
  types: string[],
  name = shown(value),
): void {
  it(`${field} does not fit: ${name}`, async () => {
    const from = uniqueNumber();
    const sent: Draft = message({ from, [field]: value });
    const [issue, ...others] = issuesOf(await service.post(sent));
    assert.deepEqual(others, []);
    assert.deepEqual(issue?.loc, ['body', field]);
    assert.ok(types.includes(issue.type), `${issue.type} instead of ${types.join(' or ')}`);
    if (value !== undefined && JSON.stringify(value).length < 100)
      assert.deepEqual(issue.input, value);
    assert.equal((await service.page(`?from=${from}`)).total, 0);
  });
}

/** One test: the parameter with this raw value is 422, with one issue of one of these types that echoes the decoded value. */
export function refusesParameter(
  service: Service,
  name: string,
  raw: string,
  types: string[],
  path = '/messages',
): void {
  it(`${name}=${raw.slice(0, 60)}`, async () => {
    const target = `${path}${path.includes('?') ? '&' : '?'}${name}=${raw}`;
    const [issue, ...others] = issuesOf(await service.get(target));
    assert.deepEqual(others, []);
    assert.deepEqual(issue?.loc, ['query', name]);
    assert.ok(types.includes(issue.type), `${issue.type} instead of ${types.join(' or ')}`);
    if (raw.length < 100) assert.equal(issue.input, new URLSearchParams(`x=${raw}`).get('x'));
  });
}
