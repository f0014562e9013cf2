// The Link header of a page (RFC 8288), and lists that are read by following it.
import assert from 'node:assert/strict';
import type { Answer } from './request.ts';
import type { Service } from './service.ts';

/** More pages than any test has: a walk in a circle must end. */
const PAGES_MAX = 1_000;

/** The address that the header gives for a relation; null where it gives none. */
export function linkOf(answer: Answer, relation: string): string | null {
  const [, target = null] =
    new RegExp(`<([^>]*)>; rel="${relation}"`).exec(String(answer.headers['link'])) ?? [];
  return target;
}

/** Asks for a page and for those that it links to with `relation`, up to the last. Each must be 200. */
export async function walk(
  service: Service,
  path: string,
  relation: 'next' | 'prev',
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at: string | null = path; at !== null;) {
    assert.ok(answers.length < PAGES_MAX, `a walk without an end: ${at}`);
    const answer: Answer = await service.get(at);
    assert.equal(answer.status, 200, `${at}: ${answer.text}`);
    answers.push(answer);
    at = linkOf(answer, relation);
  }
  return answers;
}
